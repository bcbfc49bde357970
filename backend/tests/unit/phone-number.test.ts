import { describe, expect, test } from '@jest/globals';
import { isGatewayError } from '../../src/lib/errors.js';
import { digitsOfJid, parseRecipient } from '../../src/lib/phone-number.js';

const SAO_PAULO = ['5511999999999', '551199999999'];

describe('a recipient in any usual spelling', () => {
  test.each<[string, string, string[]]>([
    ['(11) 99999-9999', '5511999999999', SAO_PAULO],
    ['11999999999', '5511999999999', SAO_PAULO],
    ['11 99999 9999', '5511999999999', SAO_PAULO],
    ['11.99999.9999', '5511999999999', SAO_PAULO],
    ['011999999999', '5511999999999', SAO_PAULO],
    ['(011) 99999-9999', '5511999999999', SAO_PAULO],
    ['0 15 11 99999-9999', '5511999999999', SAO_PAULO],
    ['05511999999999', '5511999999999', SAO_PAULO],
    ['5511999999999', '5511999999999', SAO_PAULO],
    ['+5511999999999', '5511999999999', SAO_PAULO],
    ['+55 (11) 99999-9999', '5511999999999', SAO_PAULO],
    ['00 55 11 99999-9999', '5511999999999', SAO_PAULO],
    ['0055 11 999999999', '5511999999999', SAO_PAULO],
    ['+55 11 9999-9999', '551199999999', SAO_PAULO],
    ['551199999999', '551199999999', SAO_PAULO],
    ['1199999999', '551199999999', SAO_PAULO],
    ['tel:+5511999999999', '5511999999999', SAO_PAULO],
    ['whatsapp:+5511999999999', '5511999999999', SAO_PAULO],
    ['https://wa.me/5511999999999', '5511999999999', SAO_PAULO],
    ['\u202a+55 11 99999\u20119999\u202c', '5511999999999', SAO_PAULO],
    ['\uff15\uff15 11 99999-9999', '5511999999999', SAO_PAULO],
    ['5511999999999@s.whatsapp.net', '5511999999999', SAO_PAULO],
    ['5511999999999:12@s.whatsapp.net', '5511999999999', SAO_PAULO],
    ['5511999999999@c.us', '5511999999999', SAO_PAULO],
    ['551199999999@S.WhatsApp.net', '551199999999', SAO_PAULO],
    // Area codes from 31 on: WhatsApp mostly knows the older accounts without the ninth digit.
    ['31 98888-7777', '5531988887777', ['553188887777', '5531988887777']],
    ['+55 85 8888-7777', '558588887777', ['558588887777', '5585988887777']],
    ['21 98888-7777', '5521988887777', ['5521988887777', '552188887777']],
    // 55 is an area code too.
    ['55 99999-9999', '5555999999999', ['555599999999', '5555999999999']],
    ['5555999999999', '5555999999999', ['555599999999', '5555999999999']],
    // A landline has one spelling, and so has a mobile whose old spelling would be somebody's landline.
    ['(11) 3333-4444', '551133334444', ['551133334444']],
    ['+55 11 95555-4444', '5511955554444', ['5511955554444']],
    // Abroad.
    ['+1 415 555 2671', '14155552671', ['14155552671']],
    ['14155552671', '14155552671', ['14155552671']],
    ['+351 912 345 678', '351912345678', ['351912345678']],
    ['351912345678', '351912345678', ['351912345678']],
    ['0044 7911 123456', '447911123456', ['447911123456']],
    ['+52 55 1234 5678', '525512345678', ['5215512345678', '525512345678']],
    ['+52 1 55 1234 5678', '5215512345678', ['5215512345678', '525512345678']],
    ['+54 9 11 2345-6789', '5491123456789', ['5491123456789', '541123456789']],
    ['+54 11 2345-6789', '541123456789', ['5491123456789', '541123456789']],
    // As WhatsApp writes them, and so as they stand in `numero_cliente`.
    ['5215512345678', '5215512345678', ['5215512345678', '525512345678']],
    ['5491123456789', '5491123456789', ['5491123456789', '541123456789']],
    // Brazilian numbers without an area code: people write the trunk zero, accounts may have it or not.
    ['0800 123 4567', '558001234567', ['558001234567', '5508001234567']],
    ['08001234567', '558001234567', ['558001234567', '5508001234567']],
    ['+55 800 123 4567', '558001234567', ['558001234567', '5508001234567']],
    ['5508001234567', '5508001234567', ['558001234567', '5508001234567']],
    ['+55 4004 1234', '5540041234', ['5540041234']],
    // An address is somebody's: no numbering plan is asked.
    ['08001234567@s.whatsapp.net', '08001234567', ['08001234567']],
    ['27182@s.whatsapp.net', '27182', ['27182']],
    ['123@c.us', '123', ['123']],
  ])('%s is %s', (input, digits, candidates) => {
    expect(parseRecipient(input)).toEqual({ kind: 'number', digits, candidates });
  });

  test.each<[string, string, 'pessoa' | 'grupo']>([
    ['123456789012345@lid', '123456789012345@lid', 'pessoa'],
    ['123456789012345:3@lid', '123456789012345@lid', 'pessoa'],
    ['123456789012345@hosted.lid', '123456789012345@lid', 'pessoa'],
    ['120363012345678901@g.us', '120363012345678901@g.us', 'grupo'],
    ['120363012345678901', '120363012345678901@g.us', 'grupo'],
    ['5511999999999-1612345678@g.us', '5511999999999-1612345678@g.us', 'grupo'],
    ['5511999999999-1612345678', '5511999999999-1612345678@g.us', 'grupo'],
  ])('%s is the address %s', (input, jid, tipo) => {
    expect(parseRecipient(input)).toEqual({ kind: 'jid', jid, tipo });
  });

  test.each([
    ['', /empty/],
    ['   ', /empty/],
    ['99999-9999', /area code \(DDD\)/],
    ['3333-4444', /area code \(DDD\)/],
    ['11 9999', /no phone number/],
    ['+55 11 1234', /no phone number/],
    ['+55 00 99999-9999', /no phone number/],
    ['+5511999999999999999', /no phone number/],
    ['5511999999999;DROP', /characters/],
    ['maria', /characters/],
    ['+', /characters/],
    ['../../etc/passwd', /characters/],
    ['status@broadcast', /address/],
    ['120363012345678901@newsletter', /address/],
    ['@s.whatsapp.net', /address/],
    ['maria@example.com', /address/],
    // What spreadsheets make of numbers.
    ['1133334444.0', /decimals.*Format the column as text/],
    ['11999998888.0', /decimals/],
    ['5511999998888,00', /decimals/],
    ['5.511999998888E+12', /exponent/],
    ['5,51199999888e12', /exponent/],
    ['+5511999998888.0', /decimals/],
    // A digit too many (or a wrong area code) is not somebody abroad.
    ['119999988887', /no phone number/],
    ['551199999888877', /no phone number/],
    ['499999988887', /no phone number/],
    ['219999988887', /no phone number/],
    ['11333344440', /no phone number/],
    ['20999998888', /no phone number/],
    ['951234567', /area code \(DDD\)/],
    ['27182', /no phone number/],
  ])('%j is refused, naming the field and the fix', (input, text) => {
    let thrown: unknown;
    try {
      parseRecipient(input, 'destino');
    } catch (error) {
      thrown = error;
    }
    expect(isGatewayError(thrown, 'INVALID_RECIPIENT')).toBe(true);
    expect((thrown as Error).message).toMatch(text);
    expect((thrown as Error).message).toMatch(/^destino /);
  });

  test('digits of an address leave the device out', () => {
    expect(digitsOfJid('5511999999999:7@s.whatsapp.net')).toBe('5511999999999');
    expect(digitsOfJid('123@lid')).toBe('123');
    expect(digitsOfJid('5511_1:2@s.whatsapp.net')).toBe('5511');
    expect(digitsOfJid('status@broadcast')).toBeNull();
  });
});
