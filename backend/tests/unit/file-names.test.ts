import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterEach, expect, test } from '@jest/globals';
import { extensionIn, safeFileName } from '../../src/lib/file-name.js';
import { decodeMedia } from '../../src/inbound/decode-media.js';
import { documentRow } from '../../src/inbound/content/media.js';
import { mediaContent } from '../../src/integration/outgoing-media.js';
import { findMedia } from '../../src/integration/message-media.js';
import { nameInDisposition } from '../../src/media/content-disposition.js';
import { sniff } from '../../src/media/sniff.js';
import { anIntake } from '../support/intake.js';
import { tempDir } from './journal-fixture.js';

test.each([
  ['nota.pdf', 'nota.pdf'],
  ['../../etc/passwd', 'etc_passwd'],
  ['..\\..\\windows\\win.ini', 'windows_win.ini'],
  ['/etc/cron.d/x', 'etc_cron.d_x'],
  ['NF 01/2026.pdf', 'NF 01_2026.pdf'],
  ['a\r\nSet-Cookie: x=1.pdf', 'aSet-Cookie: x=1.pdf'],
  ['a\0.pdf', 'a.pdf'],
  ['fatura\u202efdp.exe', 'faturafdp.exe'],
  ['.htaccess', 'htaccess'],
  ['nota.pdf. .', 'nota.pdf'],
  ['relatório – março.csv', 'relatório – março.csv'],
  ['..', null],
  ['././', null],
  ['\u200b\r\n', null],
  ['', null],
  [`${'a'.repeat(400)}.pdf`, `${'a'.repeat(251)}.pdf`],
])('the file name %j is kept as %j', (text, expected) => {
  expect(safeFileName(text)).toBe(expected);
});

test('a name is as quickly read when it is long and made of one character', () => {
  for (const text of ['.', '/', '\r', ' ', './', '\u202e']) expect(safeFileName(text.repeat(500_000))).toBeNull();
});

test('numbers at the end of a name are no extension', () => {
  expect(['a.pdf', 'v1.2', 'a.mp3', 'a', 'a.7z'].map(extensionIn)).toEqual(['.pdf', '', '.mp3', '', '.7z']);
});

test('names of strangers reach rows and readers clean, also those of earlier versions', async () => {
  const evil = '../../a\r\nb.pdf';
  expect(documentRow({ fileName: evil })).toMatchObject({ midia_nome: 'ab.pdf', conteudo: 'ab.pdf' });
  expect(documentRow({ fileName: '../..', title: evil })).toMatchObject({ midia_nome: null, conteudo: 'Documento' });
  const stored = { caminho: 'o/s/2026/01/r.pdf', tipo: 'application/pdf', tamanho: 1, nome: evil };
  const entry = {
    kind: 'media',
    connectionId: 'c',
    rowId: 'r',
    whatsappId: 'w',
    stored,
    url: null,
    error: null,
  } as const;
  expect(decodeMedia({ seq: 1, at: 1, ...entry })).toMatchObject([{ midia_nome: 'ab.pdf' }]);
  const row = { midia_caminho: 'o/r.pdf', midia_tipo: 'application/pdf', midia_tamanho: 1, midia_nome: evil };
  const database = { getMensagem: () => Promise.resolve(row) };
  expect(await findMedia({ database: database }, 'id', null)).toMatchObject({ name: 'ab.pdf' });
});

test.each([
  ['attachment; filename="nota fiscal.pdf"', 'nota fiscal.pdf'],
  ['attachment; filename=nota.pdf', 'nota.pdf'],
  ['attachment;filename=nota.pdf ; x=1', 'nota.pdf'],
  ['ATTACHMENT; FILENAME="nota.pdf"', 'nota.pdf'],
  ['inline; filename="a \\"b\\".pdf"', 'a "b".pdf'],
  ['attachment; filename="plain.pdf"; filename*=UTF-8\'\'relat%C3%B3rio.pdf', 'relatório.pdf'],
  ["attachment; filename*=iso-8859-1'pt'relat%F3rio.pdf", 'relatório.pdf'],
  ['attachment; filename="plain.pdf"; filename*=KOI8-R\'\'%C1.pdf', 'plain.pdf'],
  ['attachment; filename="plain.pdf"; filename*=UTF-8\'\'%ff.pdf', 'plain.pdf'],
  ['attachment; filename="relat%C3%B3rio.pdf"', 'relatório.pdf'],
  [`attachment; filename="${Buffer.from('relatório.pdf').toString('latin1')}"`, 'relatório.pdf'],
  ['attachment; filename="relat\u00f3rio.pdf"', 'relatório.pdf'],
  ['attachment; filename="100%.pdf"', '100%.pdf'],
  ['attachment; name="x"; filename="a;b.pdf"', 'a;b.pdf'],
  ['attachment', null],
  ['attachment; filename=""', null],
  ['filename', null],
])('the header %j names %j', (header, expected) => {
  expect(nameInDisposition(header)).toBe(expected);
});

interface Answer {
  headers: Record<string, string>;
  body: Buffer;
}

let closeServer = () => Promise.resolve();
afterEach(() => closeServer());

/** The document that a URL becomes. */
async function fetched(path: string, { headers, body }: Answer, { maxBytes = 1_000_000, fileName = '' } = {}) {
  const server = createServer((req, res) => {
    if (req.url === '/moved/nota.pdf') return res.writeHead(302, { location: '/d/8f3a' }).end();
    return res.writeHead(200, headers).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closeServer = () => new Promise((resolve) => (server.close(() => resolve()), server.closeAllConnections()));
  const { intake, dir } = await anIntake(await tempDir(), { maxBytes });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;
  const input = { type: 'document', source: { kind: 'url', url }, ...(fileName && { fileName }) } as const;
  const content = await mediaContent(intake, input);
  const bytes = await readFile(join(dir, content.sealed.file));
  return { bytes, name: content.fileName, type: content.sealed.mimetype };
}

const PDF = Buffer.from('%PDF-1.4 nota fiscal');
const named = (name: string) => ({ 'content-disposition': `attachment; filename="${name}"` });

test.each([
  ['/download?id=1', named('nota.pdf'), '', 'nota.pdf'],
  ['/download', named('../../nota.pdf'), '', 'nota.pdf'],
  ['/arquivos/nota%20fiscal.pdf', {}, '', 'nota fiscal.pdf'],
  ['/arquivos/nota', {}, '', 'nota.pdf'],
  ['/', {}, '', 'documento.pdf'],
  ['/%2e%2e%2fetc', {}, '', 'etc.pdf'],
  ['/moved/nota.pdf', {}, '', 'nota.pdf'],
  ['/x', named('nota'), '', 'nota.pdf'],
  ['/x', named('nota.pdf'), 'Contrato v1.2', 'Contrato v1.2.pdf'],
  ['/x', named('nota.pdf'), 'contrato.doc', 'contrato.doc'],
])('a document from %s (%j, %j) is called %s', async (path, headers, fileName, expected) => {
  expect((await fetched(path, { headers, body: PDF }, { fileName })).name).toBe(expected);
});

test.each([
  ['gzip', gzipSync(PDF)],
  ['x-gzip', gzipSync(PDF)],
  ['GZIP', gzipSync(PDF)],
  ['deflate', deflateSync(PDF)],
  ['br', brotliCompressSync(PDF)],
  ['identity', PDF],
  ['gzip, br', brotliCompressSync(gzipSync(PDF))],
])('a file that comes as %s is decoded', async (encoding, body) => {
  const { bytes, type } = await fetched('/nota.pdf', { headers: { 'content-encoding': encoding }, body });
  expect([bytes.equals(PDF), type]).toEqual([true, 'application/pdf']);
});

test('an archive stays one, whatever its server calls its encoding', async () => {
  const headers = { 'content-encoding': 'x-gzip', 'content-type': 'application/x-gzip' };
  expect((await fetched('/a.gz', { headers, body: gzipSync(PDF) })).bytes.equals(gzipSync(PDF))).toBe(true);
});

test.each([
  ['a bomb', 'gzip', gzipSync(Buffer.alloc(50 << 20)), 'MEDIA_TOO_LARGE'],
  ['a bomb in a bomb', 'gzip, gzip', gzipSync(gzipSync(Buffer.alloc(50 << 20))), 'MEDIA_TOO_LARGE'],
  ['three layers', 'gzip, gzip, gzip', gzipSync(PDF), 'MEDIA_FETCH_FAILED'],
  ['an unknown coding', 'zstd', PDF, 'MEDIA_FETCH_FAILED'],
  ['half a file', 'gzip', gzipSync(PDF).subarray(0, 20), 'MEDIA_FETCH_FAILED'],
  ['what is not encoded', 'gzip', PDF, 'MEDIA_FETCH_FAILED'],
])('%s is refused', async (_what, encoding, body, code) => {
  const answer = { headers: { 'content-encoding': encoding }, body };
  await expect(fetched('/nota.pdf', answer)).rejects.toMatchObject({ code });
});

const LATIN1 = Buffer.from('nome;valor\r\nJoão;10\r\n', 'latin1');
const BINARY = Buffer.from([0, 1, 2, 3, 250, 251, 0, 9]);
const CFB = Buffer.concat([Buffer.from('d0cf11e0a1b11ae1', 'hex'), Buffer.alloc(600)]);

test.each([
  ['a CSV that only its type tells', Buffer.from('a,b\n1,2\n'), null, 'text/csv', 'text/csv'],
  ['a CSV in ISO-8859-1', LATIN1, 'clientes.csv', 'text/csv', 'text/csv'],
  ['a CSV in UTF-16', Buffer.from('\ufeffa;b', 'utf16le'), null, 'text/csv; charset=utf-16', 'text/csv'],
  ['a CSV by another name of its type', Buffer.from('a,b'), null, 'application/csv', 'text/csv'],
  ['a JSON that only its type tells', Buffer.from('{"a":1}'), null, 'application/json', 'application/json'],
  ['a text whose name tells more', Buffer.from('{"a":1}'), 'a.json', 'text/plain', 'application/json'],
  ['a text of another kind', Buffer.from('OFXHEADER:100'), 'extrato.ofx', 'application/x-ofx', 'application/x-ofx'],
  ['bytes of a type without signature', BINARY, 'chave.p12', 'application/x-pkcs12', 'application/x-pkcs12'],
  ['a sheet of the old Office', CFB, 'a.xls', 'application/octet-stream', 'application/vnd.ms-excel'],
  ['a letter of the old Office', CFB, null, 'application/msword', 'application/msword'],
  ['a text that is called a picture', Buffer.from('oi'), 'a.png', 'image/png', 'text/plain'],
  ['bytes that are called a PDF', BINARY, 'a.pdf', 'application/pdf', 'application/octet-stream'],
  ['bytes that are called a text', BINARY, 'a.csv', 'text/csv', 'application/octet-stream'],
  ['bytes that are called a sound', BINARY, null, 'audio/basic', 'application/octet-stream'],
  ['a page that would run', Buffer.from('<script>alert(1)</script>'), 'a.html', 'text/html', 'text/plain'],
  ['a drawing that would run', Buffer.from('<svg onload="x()"/>'), null, 'image/svg+xml', 'text/plain'],
  ['a script', Buffer.from('alert(1)'), 'a.js', 'text/javascript', 'text/plain'],
  ['a type that is none', Buffer.from('oi'), null, 'text/csv\r\nx: y', 'text/plain'],
  ['a PDF that is called a text', PDF, 'a.txt', 'text/plain', 'application/pdf'],
])('the type of %s', async (_what, bytes, name, type, expected) => {
  const file = join(await tempDir(), 'file');
  await writeFile(file, bytes);
  expect((await sniff(file, { name, type })).type).toBe(expected);
});
