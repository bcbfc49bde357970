import { cp, truncate, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Arena } from '../arena.js';
import type { Attack } from '../attack.js';

const PATH = '/api/whatsapp-integration/connections';
/** One header each that proxies and CDNs add. */
const FORWARDED = [
  { via: '1.1 nginx' },
  { forwarded: 'for=192.0.2.1' },
  { 'x-forwarded-for': '192.0.2.1' },
  { 'x-forwarded-proto': 'https' },
  { 'x-real-ip': '192.0.2.1' },
  { 'cf-connecting-ip': '192.0.2.1' },
  { host: 'gateway.example' },
  { origin: 'https://evil.example' },
  { 'sec-fetch-site': 'cross-site' },
];

function statusOf(port: number, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path: PATH, headers, agent: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    asked.once('error', reject);
    asked.end();
  });
}

/** As nginx asks with a plain `proxy_pass`: HTTP/1.0, and no header that says so. */
function statusOfHttp10(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(`GET ${PATH} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n`));
    let heard = '';
    socket.on('data', (data) => (heard += data.toString('latin1')));
    socket.once('close', () => resolve(Number(heard.split(' ')[1] ?? 0)));
    socket.once('error', reject);
  });
}

/** A gateway without a key, and requests that somebody else sends through a proxy on its machine. */
export const proxied: Attack = {
  name: '7 a proxy in front of a gateway without a key',
  async run({ stage }: Arena) {
    const daemon = stage.start(null, {
      API_KEY: '',
      DATA_DIR: join(stage.dir, 'keyless'),
      START_WITHOUT_JOURNAL: 'true',
    });
    try {
      if (!(await daemon.started())) return { figure: 'no start', breaches: ['the daemon does not start'] };
      const direct = await statusOf(stage.port, {});
      const through = [...(await Promise.all(FORWARDED.map((headers) => statusOf(stage.port, headers))))];
      through.push(await statusOfHttp10(stage.port));
      const breaches = through.flatMap((status, n) =>
        status === 403 ? [] : [`${JSON.stringify(FORWARDED[n] ?? 'HTTP/1.0')} was answered ${status}`],
      );
      return {
        figure: `direct ${direct}, through a proxy ${through.join(' ')}`,
        breaches: direct === 200 ? breaches : [...breaches, `a local program was answered ${direct}`],
      };
    } finally {
      await daemon.kill();
    }
  },
};

/** Journals that are cut off, overwritten or gone: each start must refuse by name, and touch nothing. */
export const damagedJournals: Attack = {
  name: '10 damaged and missing journals',
  async run({ stage }: Arena) {
    const breaches: string[] = [];
    const figures: string[] = [];
    const damages: [string, (journal: string) => Promise<void>][] = [
      ['cut off', (journal) => truncate(journal, 70_000)],
      ['without meta pages', (journal) => writeFile(journal, Buffer.alloc(8_192), { flag: 'r+' })],
      ['empty', (journal) => truncate(journal, 0)],
    ];
    for (const [name, damage] of damages) {
      const dir = join(stage.dir, name.replaceAll(' ', '-'));
      await cp(join(stage.dir, 'data'), dir, { recursive: true, filter: (path) => !path.endsWith('.sock') });
      await damage(join(dir, 'journal.lmdb'));
      const daemon = stage.start(null, { DATA_DIR: dir });
      await Promise.race([daemon.died, delay(30_000)]);
      figures.push(`${name}: ${daemon.dead ? `exit ${daemon.exitCode}` : 'runs'}`);
      if (!daemon.dead || daemon.exitCode !== 78) breaches.push(`a journal that is ${name} is not refused`);
      await daemon.kill();
    }
    return { figure: figures.join(', '), breaches };
  },
};
