import { textTable } from '../lib/text-table.js';
import { isPartyText, partyOf } from '../lib/party.js';
import type { InstanceRow, InstanceTable } from '../supabase/instances.js';
import { findingsOf, type Finding } from './instance-findings.js';

export const USAGE = `
npm run migrate:whatsapp -- check                  which instances have no user; changes nothing
npm run migrate:whatsapp -- update [--dry-run]     gives each the user that its name or connection tells
npm run migrate:whatsapp -- migrate <instance> [--user <id>] [--organization <id>] [--dry-run]
Exit code: 0 nothing is left to mend, 1 something is left, 2 it could not be done, 64 not understood, 78 wrong settings.
`;

export interface MigrateOptions {
  user?: string | undefined;
  organization?: string | undefined;
  dryRun: boolean;
}

export interface Outcome {
  /** What to print. */
  text: string;
  exitCode: 0 | 1;
}

type Table = Pick<InstanceTable, 'list' | 'owners' | 'giveTo'>;

/** `npm run migrate:whatsapp`: instances of an older system get the user whose they are. */
export class MigrateInstances {
  constructor(private readonly table: Table) {}

  /** @throws Error with a sentence for the operator when the call makes no sense, DatabaseFailure */
  async run([verb = 'check', name]: readonly string[], options: MigrateOptions): Promise<Outcome> {
    const instances = await this.table.list();
    const findings = findingsOf(instances, await this.table.owners());
    switch (verb) {
      case 'check':
        return report(instances, findings, 'check');
      case 'update':
        return this.#mend(instances, findings, options.dryRun);
      case 'migrate':
        return this.#one(instances, findings, needed(name), options);
      default:
        throw new Error(`There is no "${verb}".`);
    }
  }

  async #mend(instances: readonly InstanceRow[], findings: Finding[], dryRun: boolean): Promise<Outcome> {
    if (dryRun) return report(instances, findings, 'dry run');
    for (const { instance, user } of findings) if (user) await this.table.giveTo(instance.id, user);
    return report(instances, findings, 'update');
  }

  async #one(
    instances: readonly InstanceRow[],
    findings: readonly Finding[],
    name: string,
    { user, organization, dryRun }: MigrateOptions,
  ): Promise<Outcome> {
    const row = instances.find((one) => one.instance_name === name);
    if (!row) throw new Error(`There is no instance "${name}".`);
    if (row.user_id !== null) return { text: `${name} has its user already: ${row.user_id}.\n`, exitCode: 0 };
    const found = findings.find(({ instance }) => instance.id === row.id)!;
    const userId = user === undefined ? undefined : idOf('--user', user);
    const other = instances.find((one) => userId !== undefined && one.user_id === userId);
    const organizationId = organization === undefined ? null : idOf('--organization', organization);
    const said: Finding =
      userId === undefined ? found : { instance: row, user: { userId, organizationId }, reason: '--user' };
    if (other)
      return report(
        [row],
        [{ ...said, user: null, reason: `user ${userId} already has ${other.instance_name}` }],
        'check',
      );
    return this.#mend([row], [said], dryRun);
  }
}

/** One line an instance without a user, then the sum. */
function report(
  instances: readonly InstanceRow[],
  findings: readonly Finding[],
  what: 'check' | 'update' | 'dry run',
): Outcome {
  const done = what === 'update';
  const left = findings.filter(({ user }) => done && user === null);
  const open = done ? left.length : findings.length;
  const lines = findings.map(({ instance, user, reason }) => {
    const verdict = user === null ? 'needs a person' : done ? 'mended' : 'can be mended';
    return [instance.instance_name, verdict, user?.userId ?? '-', user?.organizationId ?? '-', reason];
  });
  const table =
    lines.length > 0 ? `${textTable([['INSTANCE', 'RESULT', 'USER', 'ORGANIZATION', 'WHY'], ...lines])}\n` : '';
  const sum = `${instances.length} instances, ${open} without a user.${what === 'dry run' ? ' Dry run: nothing was changed.' : ''}\n`;
  return { text: `${table}${sum}${advice(findings, done)}`, exitCode: open > 0 ? 1 : 0 };
}

/** What the operator does next; nothing when all is well. */
function advice(findings: readonly Finding[], done: boolean): string {
  const person = findings.find(({ user }) => user === null);
  const mend = !done && findings.some(({ user }) => user !== null);
  return [
    ...(mend ? ['Mend them: npm run migrate:whatsapp -- update\n'] : []),
    ...(person
      ? [`Say whose: npm run migrate:whatsapp -- migrate ${person.instance.instance_name} --user <id>\n`]
      : []),
  ].join('');
}

function needed(name: string | undefined): string {
  if (name === undefined)
    throw new Error('The name of an instance is needed: see "npm run migrate:whatsapp -- check".');
  return name;
}

function idOf(option: string, text: string): string {
  if (!isPartyText(text)) throw new Error(`${option} must be a UUID, or another text of 1 to 200 characters.`);
  return partyOf(text).id;
}
