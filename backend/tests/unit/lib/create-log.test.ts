import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { baileysLogger } from '../../../src/lib/baileys-logger.js';
import { createLog, type ClosableLog } from '../../../src/lib/create-log.js';
import { GatewayError } from '../../../src/lib/errors.js';
import { silentLog, type LogMeta } from '../../../src/lib/log.js';
import { redact } from '../../../src/lib/redact.js';
import { until } from '../../support/until.js';

let dir: string;
let log: ClosableLog;
/** '' while it is not there. */
const textOf = (path: string) => (existsSync(path) ? readFileSync(path, 'utf8') : '');
const linesOf = (file: string) =>
  textOf(join(dir, file))
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as LogMeta);

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'sentinela-log-'));
  log = createLog({ dir, level: 'info', console: false });
});
afterEach(async () => {
  await log.close();
  rmSync(dir, { recursive: true, force: true });
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
  });

  test('close can be called twice and writes everything out; later lines are dropped', async () => {
    for (let n = 0; n < 5000; n++) log.info('line', { n });
    await Promise.all([log.close(), log.close()]);
    log.info('late');
    expect(linesOf('combined.log').map((line) => line['n'])).toEqual([...Array(5000).keys()]);
  });

  test('a log folder that cannot be made harms nobody', async () => {
    writeFileSync(join(dir, 'file'), '');
    const lost = createLog({ dir: join(dir, 'file', 'logs'), level: 'info', console: false });
    lost.info('lost');
    await lost.close();
    expect(readFileSync(join(dir, 'file'), 'utf8')).toBe('');
  });

  test('a file that cannot be written is reported once to the other, and again when it is back, with the count of lost lines', async () => {
    const blocked = join(dir, 'blocked');
    mkdirSync(join(blocked, 'combined.log'), { recursive: true });
    const half = createLog({ dir: blocked, level: 'info', console: false, files: { maxBytes: 1e6, retryMs: 20 } });
    for (let n = 0; n < 100; n++) half.error('a line', { n });
    await until('the report', () => textOf(join(blocked, 'error.log')).includes('left out'));
    rmSync(join(blocked, 'combined.log'), { recursive: true });
    await until('the file', () => {
      half.info('again');
      return textOf(join(blocked, 'combined.log')) !== '';
    });
    await half.close();
    const messages = readFileSync(join(blocked, 'error.log'), 'utf8').split('\n').filter(Boolean);
    const reports = messages.filter((line) => line.includes('log lines are left out'));
    expect(reports).toHaveLength(1);
    expect(reports[0]).toContain('EISDIR');
    const back = readFileSync(join(blocked, 'combined.log'), 'utf8');
    expect(Number(/"lost":(\d+)/.exec(back)?.[1])).toBeGreaterThan(99);
  });

  test('a folder that is removed while it is written is made again', async () => {
    log.info('before');
    await until('the file', () => linesOf('combined.log').length === 1);
    rmSync(dir, { recursive: true });
    await until('the file again', () => {
      log.info('after');
      return textOf(join(dir, 'combined.log')).includes('after');
    });
  });

  test('at its limit the file goes on empty under its name and as the same file, so that `tail -f` goes on; no line is lost', async () => {
    const small = createLog({ dir, level: 'info', console: false, files: { maxBytes: 4_000, retryMs: 20 } });
    await until('the file', () => existsSync(join(dir, 'combined.log')));
    const { ino } = statSync(join(dir, 'combined.log'));
    const written = () => readdirSync(dir).flatMap((file) => (file.startsWith('combined') ? linesOf(file) : []));
    for (let n = 0; n < 200; n++) {
      small.info('line', { n });
      if (n % 20 === 0) await until('the line', () => written().some((line) => line['n'] === n));
    }
    await small.close();
    expect(statSync(join(dir, 'combined.log')).ino).toBe(ino);
    const dated = readdirSync(dir).filter((file) => /^combined-\d{4}-\d\d-\d\d(\.\d+)?\.log$/.test(file));
    expect(dated.length).toBeGreaterThan(0);
    const all = ['combined.log', ...dated].flatMap(linesOf).map((line) => Number(line['n']));
    expect(all.sort((a, b) => a - b)).toEqual([...Array(200).keys()]);
  });

  test('of the dated files the newest fourteen stay', async () => {
    for (let n = 10; n < 40; n++) {
      const file = join(dir, `combined-2020-01-${n}.log`);
      writeFileSync(file, '');
      utimesSync(file, n, n);
    }
    const small = createLog({ dir, level: 'info', console: false, files: { maxBytes: 100, retryMs: 20 } });
    small.info('one line that is longer than the limit of the file, which is a hundred bytes, or so it is said');
    await until('a line', () => linesOf('combined.log').length === 1);
    small.info('two');
    await small.close();
    const dated = readdirSync(dir).filter((file) => file.startsWith('combined-'));
    expect(dated).toHaveLength(14);
    expect(dated).toContain('combined-2020-01-39.log');
    expect(dated).not.toContain('combined-2020-01-26.log');
  });

  test('the link of earlier versions gives way to a file', async () => {
    const other = join(dir, 'earlier');
    mkdirSync(other);
    writeFileSync(join(other, 'combined-2020-01-01.log'), 'old\n');
    symlinkSync('combined-2020-01-01.log', join(other, 'combined.log'));
    const next = createLog({ dir: other, level: 'info', console: false });
    next.info('new');
    await next.close();
    expect(lstatSync(join(other, 'combined.log')).isFile()).toBe(true);
    expect(readFileSync(join(other, 'combined-2020-01-01.log'), 'utf8')).toBe('old\n');
  });
});

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
