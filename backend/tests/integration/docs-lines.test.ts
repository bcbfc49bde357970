import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { PACKAGE_DIR } from '../../src/lib/package-dir.js';
import { type Statement, statementsOf } from '../support/curl-lines.js';
import { NpmProgram } from '../support/npm-program.js';

const ROOT = join(PACKAGE_DIR, '..');
const PORTUGUESE = /\bpt-BR\b/;

/** READMEs first, then `docs/`: in each, a line may use what lines above it have made. */
const pages = [
  ...readdirSync(ROOT).filter((name) => /^README.*\.md$/.test(name)),
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .sort()
    .map((name) => join('docs', name)),
];

/** Addresses of the documentation, and the variables of the demo that have the real ones. */
const ADDRESSES = {
  'http://127.0.0.1:3001': 'GATEWAY_URL',
  'http://127.0.0.1:54321': 'SUPABASE_LOCAL_URL',
  'http://127.0.0.1:8080': 'RECEIVER_URL',
  'http://127.0.0.1:8081': 'EVOLUTION_API_URL',
};

/**
 * Runs as a reader's shell does, one command after the other. Each curl writes its status down; a command that fails for another
 * reason (a file or a variable that is not there, a grep that finds nothing) does so, too.
 */
const PROLOGUE = `
set -uo pipefail
. ./demo.env.sh
curl() {
  command curl -sS --max-time 30 -D headers.txt "$@"
  local code=$?
  echo "$statement $(grep -o '^HTTP/[0-9.]* [0-9]*' headers.txt | tail -1 | cut -d' ' -f2)" >> statuses.txt
  rm -f headers.txt
  return $code
}
settled() {
  for attempt in $(seq 200); do
    command curl -s "$GATEWAY_URL/api/whatsapp-integration/connections/loja-demo" | grep -q '"estado":"ready"' && return
    sleep 0.05
  done
}
`;

/** Lines that name the demo's connection wait until it is back from what earlier lines did to it. */
function scriptOf(statements: Statement[], variables: Map<string, string>): string {
  const parts = statements.map(({ text }, index) => {
    const wait = text.includes('loja-demo') && !text.includes('/reconnect') ? 'settled\n' : '';
    return `statement=${index}\n${wait}${text}\necho "$statement exit $?" >> statuses.txt`;
  });
  const script = [PROLOGUE, ...parts].join('\n');
  return Object.entries(ADDRESSES).reduce((all, [said, name]) => all.replaceAll(said, variables.get(name)!), script);
}

describe.each([
  ['English', (name: string) => !PORTUGUESE.test(name)],
  ['Portuguese', (name: string) => PORTUGUESE.test(name)],
])('the curl lines of the %s pages', (_language, isOfIt) => {
  let demo: NpmProgram;
  let folder: string;
  const variables = new Map<string, string>();

  beforeAll(async () => {
    demo = new NpmProgram(['run', 'demo'], PACKAGE_DIR);
    await demo.says('até Ctrl-C');
    folder = /cd (\S+) && \. /.exec(demo.output)![1]!;
    const file = readFileSync(join(folder, 'demo.env.sh'), 'utf8');
    for (const [, name, value] of file.matchAll(/^export (\w+)='(.*)'$/gm)) variables.set(name!, value!);
  }, 120_000);

  afterAll(async () => {
    demo.kill('SIGTERM', 'group');
    await demo.gone();
    await demo.dispose();
  }, 30_000);

  const withLines = pages
    .filter(isOfIt)
    .map((name) => [name, statementsOf(name, readFileSync(join(ROOT, name), 'utf8'))] as const)
    .filter(([, statements]) => statements.length > 0);

  test.each(withLines)(
    '%s: each is answered 2xx, or as its comment announces',
    async (_name, statements) => {
      writeFileSync(join(folder, 'statuses.txt'), '');
      const output = await run(scriptOf(statements, variables), folder);
      const told = readFileSync(join(folder, 'statuses.txt'), 'utf8').trimEnd().split('\n');
      expect(failures(statements, told, output)).toEqual([]);
    },
    150_000,
  );
});

/** Ended after two minutes. @returns what the shell printed */
async function run(script: string, cwd: string): Promise<string> {
  const marked = script.replaceAll(/^statement=(\d+)$/gm, 'statement=$1; printf "\\n<<<$1>>>\\n"');
  writeFileSync(join(cwd, 'lines.sh'), marked);
  // Through a pipe, which `tee /dev/stderr` can open.
  const shell = spawn('bash', ['-c', 'bash lines.sh 2>&1 | cat > output.txt'], {
    cwd,
    detached: true,
    stdio: 'ignore',
  });
  const deadline = setTimeout(() => process.kill(-shell.pid!, 'SIGKILL'), 120_000);
  await once(shell, 'exit');
  clearTimeout(deadline);
  return readFileSync(join(cwd, 'output.txt'), 'utf8');
}

function failures(statements: Statement[], told: string[], output: string): string[] {
  return statements.flatMap(({ at, text, announced }, index) => {
    const own = told.filter((line) => line.startsWith(`${index} `)).map((line) => line.slice(`${index} `.length));
    const refused = own.filter((line) => /^\d+$/.test(line) && !line.startsWith('2') && !announced.includes(line));
    const exit = own.find((line) => line.startsWith('exit '));
    // A status that was announced leaves nothing for the grep behind it.
    const isAnnounced = own.some((line) => announced.includes(line));
    const broken = exit === 'exit 0' || (exit && isAnnounced) ? [] : [exit ?? 'never reached its end'];
    const problems = [...refused, ...broken];
    return problems.length === 0 ? [] : [`${at}  ${problems.join(', ')}\n${text}\n${answerTo(index, output)}`];
  });
}

function answerTo(index: number, output: string): string {
  return (output.split(`<<<${index}>>>\n`)[1] ?? '').split('\n<<<')[0]!.slice(0, 600);
}
