import { randomUUID } from 'node:crypto';
import type { Journal } from '../../journal/journal.js';
import type { TemplateFill, TemplateRecord } from '../../journal/schedule-records.js';
import { templateEntry, type TemplateChange } from '../../journal/templates.js';
import type { Clock } from '../../lib/clock.js';
import { assertWithin, type Quotas } from '../../lib/quotas.js';
import { GatewayError } from '../../lib/errors.js';
import { pickTexts, textOf, type PartyTexts } from '../../lib/party.js';
import type { Scope } from '../resources.js';
import { clockValues, fillTemplate, missingVariables, namesIn, type Values } from './fill-template.js';

/** Which template a message is written with, and what it says for the names in it. */
export interface TemplateUse {
  name: string;
  variables: Values;
}

/** A row of `whatsapp_modelos`, with the names in its text. Times are ISO 8601 in UTC. */
export interface TemplateResource {
  id: string;
  owner_id: string;
  /** The text that `owner_id` was made of; null for a UUID. */
  owner_texto: string | null;
  nome: string;
  texto: string;
  fuso: string;
  variaveis: string[];
  created_at: string;
  updated_at: string;
}

/** What a caller writes; `ownerId` absent = their own. */
export interface TemplateInput {
  nome: string;
  texto: string;
  fuso: string;
  ownerId?: string | undefined;
  texts?: PartyTexts | undefined;
}

export interface MessageTemplatesDeps {
  journal: Pick<Journal, 'commit' | 'schedule'>;
  clock: Clock;
  defaultOwnerId: string;
  quotas: Quotas;
}

/**
 * Texts with variables, each its owner's, under a name. They lie in the journal, so that messages can be written with them
 * while the database is away; the rows of `whatsapp_modelos` show them.
 */
export class MessageTemplates {
  /** Names are unique: one change after the other. */
  #tail: Promise<unknown> = Promise.resolve();

  constructor(private readonly deps: MessageTemplatesDeps) {}

  /** By name, of all owners that the caller may see. */
  list(scope: Scope | null): TemplateResource[] {
    const records = this.deps.journal.schedule.listTemplates(scope?.ownerId ?? null);
    return records.sort((a, b) => a.nome.localeCompare(b.nome) || a.ownerId.localeCompare(b.ownerId)).map(present);
  }

  /** @throws TEMPLATE_NOT_FOUND, also for another owner's */
  get(id: string, scope: Scope | null): TemplateResource {
    return present(this.#record(id, scope));
  }

  /** @throws TEMPLATE_TAKEN (the name), TEMPLATE_LIMIT, FORBIDDEN */
  create(input: TemplateInput, scope: Scope | null): Promise<TemplateResource> {
    return this.#inTurn(async () => {
      assertMayWrite(scope);
      const { nome, texto, fuso } = input;
      const ownerId = input.ownerId ?? scope?.ownerId ?? this.deps.defaultOwnerId;
      if (scope && ownerId !== scope.ownerId) throw new GatewayError('FORBIDDEN', 'ownerId must be your own id.');
      const texts = pickTexts([ownerId], input.texts, scope?.texts);
      this.#assertFree(ownerId, nome);
      assertWithin(this.deps.quotas, 'templates', this.deps.journal.schedule.listTemplates(ownerId).length);
      const now = this.deps.clock.now();
      return this.#commit({
        before: null,
        after: {
          id: randomUUID(),
          ownerId,
          ...(texts && { texts }),
          nome,
          texto,
          fuso,
          createdAt: now,
          updatedAt: now,
        },
      });
    });
  }

  /** What is absent stays. @throws TEMPLATE_NOT_FOUND, TEMPLATE_TAKEN, FORBIDDEN */
  update(
    id: string,
    changes: { nome?: string | undefined; texto?: string | undefined; fuso?: string | undefined },
    scope: Scope | null,
  ): Promise<TemplateResource> {
    return this.#inTurn(async () => {
      const before = this.#record(id, scope);
      assertMayWrite(scope);
      const { nome = before.nome, texto = before.texto, fuso = before.fuso } = changes;
      if (nome !== before.nome) this.#assertFree(before.ownerId, nome);
      return this.#commit({ before, after: { ...before, nome, texto, fuso, updatedAt: this.deps.clock.now() } });
    });
  }

  /** Scheduled messages that were written with it keep its text. @throws TEMPLATE_NOT_FOUND, FORBIDDEN */
  delete(id: string, scope: Scope | null): Promise<void> {
    return this.#inTurn(async () => {
      const before = this.#record(id, scope);
      assertMayWrite(scope);
      await this.#commit({ before, after: null });
    });
  }

  /**
   * The text of an owner's template with everything that it needs.
   * @throws TEMPLATE_NOT_FOUND; BAD_REQUEST naming each variable that is missing
   */
  use(ownerId: string, { name, variables }: TemplateUse): TemplateFill {
    const found = this.deps.journal.schedule.findTemplate(ownerId, name);
    if (!found) {
      throw new GatewayError('TEMPLATE_NOT_FOUND', `There is no template "${name}".`, { details: { name } });
    }
    const missing = missingVariables(found.texto, variables);
    if (missing.length > 0) throw missingError(name, missing);
    return { texto: found.texto, fuso: found.fuso, variables };
  }

  #record(id: string, scope: Scope | null): TemplateRecord {
    const records = this.deps.journal.schedule.listTemplates(scope?.ownerId ?? null);
    const found = records.find((record) => record.id === id);
    if (!found) throw new GatewayError('TEMPLATE_NOT_FOUND');
    return found;
  }

  #assertFree(ownerId: string, nome: string): void {
    if (!this.deps.journal.schedule.findTemplate(ownerId, nome)) return;
    throw new GatewayError('TEMPLATE_TAKEN', undefined, { details: { name: nome } });
  }

  async #commit(change: TemplateChange): Promise<TemplateResource> {
    await this.deps.journal.commit({ templates: [change], entries: [templateEntry(change)] });
    return present((change.after ?? change.before)!);
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#tail.then(work);
    this.#tail = done.catch(() => undefined);
    return done;
  }
}

/** The text at a moment. The caller's own values come before the clock's. */
export function filledText({ texto, fuso, variables }: TemplateFill, at: Date): string {
  return fillTemplate(texto, { ...clockValues(at, fuso), ...variables });
}

/** Templates belong to all of an owner's connections: a key that is limited to some reads them. */
function assertMayWrite(scope: Scope | null): void {
  if (scope?.connections) throw new GatewayError('FORBIDDEN', 'This key is limited to connections.');
}

function missingError(template: string, names: string[]): GatewayError {
  const problem = `is required by the template "${template}"`;
  const details = names.map((name) => ({ field: `body.template.variables.${name}`, problem }));
  return new GatewayError('BAD_REQUEST', details.map(({ field }) => `${field} ${problem}`).join('; '), { details });
}

function present({ id, ownerId, texts, nome, texto, fuso, createdAt, updatedAt }: TemplateRecord): TemplateResource {
  const [created_at, updated_at] = [createdAt, updatedAt].map((ms) => new Date(ms).toISOString()) as [string, string];
  return {
    id,
    owner_id: ownerId,
    owner_texto: textOf(texts, ownerId),
    nome,
    texto,
    fuso,
    variaveis: namesIn(texto),
    created_at,
    updated_at,
  };
}
