import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { anApp } from './scripted-gateway.js';

const { http, calls } = anApp();
interface Refusal {
  code: string;
  message: string;
}
const errorOf = ({ body }: { body: unknown }) => (body as { error: Refusal }).error;

const SEND = '/api/whatsapp-integration/messages/send';
const SCHEDULED = '/api/whatsapp-integration/scheduled-messages';
const EVOLUTION = '/message/sendText/c1';
const aSend = (content: string) => ({ connectionId: 'c1', to: '5511999999999', content });
const latin1 = (body: object) => Buffer.from(JSON.stringify(body), 'latin1');

function post(path: string, body: Buffer, headers: Record<string, string> = {}) {
  const request = http.post(path).set('Content-Type', 'application/json').set(headers);
  return request.serialize((bytes: unknown) => bytes as string).send(body);
}
const textOf = () => (calls.at(-1)?.args[0] as { message: { text: string } }).message.text;

describe('a body that is not UTF-8 is refused, never stored with U+FFFD', () => {
  test.each([
    ['a send', SEND, latin1(aSend('Olá'))],
    ['a scheduled message', SCHEDULED, latin1({ ...aSend('Olá'), sendAt: '2030-01-01T00:00:00Z' })],
    ["a send of Evolution API's clients", EVOLUTION, latin1({ number: '5511999999999', text: 'Olá' })],
    [
      'half of a character',
      SEND,
      Buffer.concat([Buffer.from('{"connectionId":"c1","content":"'), Buffer.of(0xc3), Buffer.from('"}')]),
    ],
    [
      'an encoded surrogate',
      SEND,
      Buffer.concat([Buffer.from('{"a":"'), Buffer.of(0xed, 0xa0, 0x80), Buffer.from('"}')]),
    ],
    ['UTF-16', SEND, Buffer.from(JSON.stringify(aSend('Olá')), 'utf16le')],
  ])('%s', async (_what, path, body) => {
    const { status, text } = await post(path, body);
    expect([status, text]).toEqual([400, expect.stringMatching(/UTF-8/)]);
  });

  test('also when it is packed, or says another charset', async () => {
    const packed = await post(SEND, gzipSync(latin1(aSend('Olá'))), { 'Content-Encoding': 'gzip' });
    expect([packed.status, errorOf(packed).code]).toEqual([400, 'BODY_NOT_UTF8']);
    const said = await post(SEND, latin1(aSend('Olá')), { 'Content-Type': 'application/json; charset=iso-8859-1' });
    expect([said.status, errorOf(said).code]).toEqual([400, 'BODY_NOT_UTF8']);
  });

  test.each([
    ['a field', Buffer.concat([part('content'), Buffer.of(0x4f, 0x6c, 0xe1)])],
    [
      "a file's name",
      Buffer.concat([part('file"; filename="Relat', false), Buffer.of(0xf3), Buffer.from('rio.pdf"\r\n\r\nx')]),
    ],
    ["a field's name", Buffer.concat([part('n', false), Buffer.of(0xe1), Buffer.from('"\r\n\r\nx')])],
  ])('a form: %s', async (_what, body) => {
    const whole = Buffer.concat([body, Buffer.from('\r\n--XX--\r\n')]);
    const answer = await post(SEND, whole, { 'Content-Type': 'multipart/form-data; boundary=XX' });
    expect([answer.status, errorOf(answer).code]).toEqual([400, 'BODY_NOT_UTF8']);
  });

  test('and neither is a parameter', async () => {
    const { status, text } = await http.get('/api/whatsapp-integration/atendimentos?busca=Ol%E1');
    expect([status, text]).toEqual([400, expect.stringContaining('The query is not UTF-8')]);
  });

  test('while UTF-8 comes as it is, U+FFFD included', async () => {
    const { status } = await post(SEND, Buffer.from(JSON.stringify(aSend('Olá 🦜 \ufffd'))));
    expect([status, textOf()]).toEqual([201, 'Olá 🦜 \ufffd']);
  });
});

function part(name: string, whole = true): Buffer {
  return Buffer.from(`--XX\r\nContent-Disposition: form-data; name="${name}${whole ? '"\r\n\r\n' : ''}`);
}

describe('a packed body', () => {
  test.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
  ])('is taken: %s', async (encoding, pack) => {
    const { status } = await post(SEND, pack(JSON.stringify(aSend(`por ${encoding}`))), {
      'Content-Encoding': encoding,
    });
    expect([status, textOf()]).toEqual([201, `por ${encoding}`]);
  });

  test.each([
    ['gzip', gzipSync],
    ['br', brotliCompressSync],
  ])('is refused when more comes out than the route takes: %s', async (encoding, pack) => {
    const bomb = pack(Buffer.alloc(64 << 20, ' '));
    const answer = await post(SEND, bomb, { 'Content-Encoding': encoding });
    expect([answer.status, errorOf(answer).code]).toEqual([413, 'BODY_TOO_LARGE']);
  });

  test('is refused by name when it is not what it says, or of another kind', async () => {
    const broken = await post(SEND, Buffer.from('{"a":1}'), { 'Content-Encoding': 'gzip' });
    expect(broken.status).toBe(400);
    const other = await post(SEND, Buffer.from('{"a":1}'), { 'Content-Encoding': 'zstd' });
    expect([other.status, errorOf(other).message]).toEqual([415, expect.stringContaining('gzip, deflate and br')]);
    const form = { 'Content-Type': 'multipart/form-data; boundary=XX', 'Content-Encoding': 'gzip' };
    const packedForm = await post(SEND, gzipSync('--XX--'), form);
    expect([packedForm.status, errorOf(packedForm).message]).toEqual([415, expect.stringContaining('Forms')]);
  });
});
