import { existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { baileysLogger } from '../../../src/lib/baileys-logger.js';
import { createLog, type ClosableLog } from '../../../src/lib/create-log.js';
import { GatewayError } from '../../../src/lib/errors.js';
import { silentLog, type LogMeta } from '../../../src/lib/log.js';
import { redact } from '../../../src/lib/redact.js';

let dir: string;
let log: ClosableLog;
const linesOf = (file: string) =>
  readFileSync(join(dir, file), 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as LogMeta);

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'sentinela-log-'));
  log = createLog({ dir, level: 'info', console: false });
});
afterEach(async () => {
  await log.close();
  rmSync(dir, { recursive: true });
});

describe('the log files', () => {
  test('combined.log has every line from the level up, error.log the errors alone, as JSON with bindings', async () => {
    const child = log.child({ connectionId: 'c1' });
    child.info('ready', { ms: 3 });
    child.error('failed', { attempt: 2 });
    child.debug('detail');
    await log.close();
    expect(linesOf('combined.log')).toEqual([
      { time: expect.any(String), level: 'info', message: 'ready', connectionId: 'c1', ms: 3 },
      { time: expect.any(String), level: 'error', message: 'failed', connectionId: 'c1', attempt: 2 },
    ]);
    expect(linesOf('error.log').map((line) => line['message'])).toEqual(['failed']);
    expect(lstatSync(join(dir, 'combined.log')).isSymbolicLink()).toBe(true);
  });

  test('close can be called twice and writes everything out; later lines are dropped', async () => {
    for (let n = 0; n < 5000; n++) log.info('line', { n });
    await Promise.all([log.close(), log.close()]);
    log.info('late');
    expect(linesOf('combined.log').map((line) => line['n'])).toEqual([...Array(5000).keys()]);
  });

  test('a file that cannot be written is reported and harms nobody', async () => {
    const blocked = join(dir, 'blocked');
    mkdirSync(blocked);
    // A folder where today's file should be: open fails, as on a full or read-only disk.
    mkdirSync(join(blocked, `combined-${localDay()}.log`));
    await log.close();
    const failed = new Promise<string>((resolve) => {
      log = createLog({ dir: blocked, level: 'info', console: false, onFailure: (file) => resolve(file) });
    });
    log.info('lost');
    expect(await failed).toBe('combined');
    log.error('kept');
    await log.close();
    expect(existsSync(join(blocked, 'error.log'))).toBe(true);
  });
});

function localDay(): string {
  const now = new Date();
  const two = (n: number) => String(n).padStart(2, '0');
  return `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
}

describe('redaction', () => {
  const meta = {
    id: '3EB0',
    apiKey: 'k',
    'x-api-key': 'k',
    headers: { Authorization: 'Bearer abc', host: 'h' },
    rows: [{ conteudo: 'olá', numero_cliente: '5511999999999', id: 'r1' }],
    chatJid: '5511999999999@s.whatsapp.net',
    remetente_jid: '1@lid',
    qrCode: 'data:…',
    text: 'hello',
    note: 'sent to 5511999999999:12@s.whatsapp.net with Bearer abcdef over postgres://u:p@host/d',
    bytes: Buffer.from('secret'),
    nothing: null,
  };

  test('from info up secrets, bodies and numbers are replaced at any depth, ids stay', () => {
    const text = JSON.stringify(redact(meta, 'info'));
    expect(text).not.toMatch(/olá|5511999999999|abc|:p@|hello|secret|"k"/);
    expect(redact(meta, 'info')).toMatchObject({
      id: '3EB0',
      headers: { Authorization: '[redacted]', host: 'h' },
      rows: [{ id: 'r1', conteudo: '[redacted]' }],
      bytes: '[6 bytes]',
      nothing: null,
    });
  });

  test('at debug bodies stay and secrets do not', () => {
    expect(redact(meta, 'debug')).toMatchObject({ text: 'hello', apiKey: '[redacted]', qrCode: '[redacted]' });
  });

  test('an error keeps its code and its cause, and loses the numbers in its text', () => {
    const cause = Object.assign(new Error('no route to 5511999999999@s.whatsapp.net'), { code: 'ECONNREFUSED' });
    const error = new GatewayError('DATABASE_UNAVAILABLE', undefined, { cause });
    expect(redact({ error }, 'error')['error']).toMatchObject({
      code: 'DATABASE_UNAVAILABLE',
      cause: { code: 'ECONNREFUSED', message: 'no route to [redacted]@s.whatsapp.net' },
    });
  });

  test('cycles, depth and size have an end', () => {
    const round: Record<string, unknown> = { list: Array.from({ length: 500 }, (_, n) => n), long: 'x'.repeat(9000) };
    round['self'] = round;
    expect(JSON.stringify(redact(round, 'info')).length).toBeLessThan(3000);
  });
});

describe('the logger that Baileys gets', () => {
  function scripted() {
    const lines: { message: string; meta: LogMeta | undefined }[] = [];
    const timers: (() => void)[] = [];
    const clock = {
      at: 0,
      now: () => clock.at,
      after: (_ms: number, fn: () => void) => (timers.push(fn), () => undefined),
      sleep: () => Promise.resolve(),
    };
    const record = (message: string, meta?: LogMeta) => void lines.push({ message, meta });
    const logger = baileysLogger({ ...silentLog, warn: record, error: record }, { perMinute: 2, clock });
    return { lines, timers, clock, logger };
  }

  test('passes texts, error messages and ids on, and nothing of nodes, messages and addresses', () => {
    const { lines, logger } = scripted();
    logger
      .child({ class: 'x' })
      .error(
        { key: { id: 'A1', remoteJid: '5511@s.whatsapp.net' }, err: new Error('Bad MAC'), message: 'olá' },
        'failed',
      );
    logger.warn('Skipping deletion of sender-key: 5511999999999.0');
    logger.info({ node: {} }, 'chatter');
    expect(lines).toEqual([
      { message: 'failed', meta: { source: 'baileys', id: 'A1', error: 'Bad MAC' } },
      { message: 'Skipping deletion of sender-key: #.0', meta: { source: 'baileys' } },
    ]);
  });

  test('cuts a flood of one text to the limit a minute and tells how many were left out', () => {
    const { lines, timers, clock, logger } = scripted();
    for (let n = 0; n < 100; n++) logger.error(new Error(`Bad MAC ${n}`), 'failed to decrypt');
    logger.warn('another text');
    expect(lines).toHaveLength(3);
    timers.forEach((fire) => fire());
    expect(lines.at(-1)?.meta).toMatchObject({ line: 'failed to decrypt', leftOut: 98 });
    clock.at = 60_000;
    logger.error(new Error('Bad MAC'), 'failed to decrypt');
    expect(lines).toHaveLength(5);
  });
});
