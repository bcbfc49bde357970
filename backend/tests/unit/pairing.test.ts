import { describe, expect, test } from '@jest/globals';
import { initAuthCreds } from '@whiskeysockets/baileys';
import { isPaired, Pairing, type QrCode } from '../../src/whatsapp/pairing.js';

function aPairing() {
  const creds = initAuthCreds();
  const shown: QrCode[] = [];
  let saved = 0;
  const clock = { now: 1_000 };
  const pairing = new Pairing({
    creds,
    saveCreds: () => void (saved += 1),
    now: () => clock.now,
    onQr: (qr) => shown.push(qr),
  });
  const text = (ref: string) => `https://wa.me/settings/linked_devices#${ref},noise,identity,${creds.advSecretKey},1`;
  return { pairing, creds, shown, clock, text, saved: () => saved };
}

const secretIn = (code: string) => code.split('#')[1]!.split(',')[3];

describe('pairing by QR', () => {
  test('every rotation is shown; the first code lives 60 s, later ones 20 s', () => {
    const { pairing, shown, clock, text } = aPairing();
    pairing.show(text('ref1'));
    clock.now += 60_000;
    expect(pairing.qr).toBeNull();
    pairing.show(text('ref2'));
    expect(shown.map((qr) => qr.expiresAt - qr.shownAt)).toEqual([60_000, 20_000]);
    expect(pairing.qr?.code).toContain('ref2');
  });

  test('after companion_reg_refresh the same ref is shown with a new secret, saved before it is shown', () => {
    const { pairing, creds, shown, text, saved } = aPairing();
    pairing.show(text('ref1'));
    const before = creds.advSecretKey;
    pairing.refresh();
    expect(saved()).toBe(1);
    expect(creds.advSecretKey).not.toBe(before);
    expect(shown).toHaveLength(2);
    expect(shown[1]!.code).toContain('#ref1,');
    expect(secretIn(shown[1]!.code)).toBe(creds.advSecretKey);
  });

  test('later codes carry the new secret too, although Baileys builds them with the old one', () => {
    const { pairing, creds, shown, text } = aPairing();
    const stale = text('ref2');
    pairing.show(text('ref1'));
    pairing.refresh();
    pairing.show(stale);
    expect(secretIn(shown[2]!.code)).toBe(creds.advSecretKey);
  });
});

test('asking for a pairing code does not make a connection paired', () => {
  const creds = { ...initAuthCreds(), me: { id: '5511999990001@s.whatsapp.net', name: '~' } };
  expect(isPaired(creds)).toBe(false);
  expect(isPaired({ ...creds, account: {} })).toBe(true);
  expect(isPaired(null)).toBe(false);
});
