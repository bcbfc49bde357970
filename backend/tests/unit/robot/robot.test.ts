import { describe, expect, test } from '@jest/globals';
import { decide } from '../../../src/integration/robot/decide.js';
import { openingAt, type BusinessHours } from '../../../src/integration/robot/business-hours.js';
import { fillTemplate, robotValues, unknownVariables } from '../../../src/integration/templates/fill-template.js';
import type { RobotCandidate } from '../../../src/supabase/robot.js';
import { RobotConfiguration } from '../../../src/integration/robot/robot-settings.js';

const SHOP: BusinessHours = {
  dias: {
    seg: [
      ['08:00', '12:00'],
      ['13:00', '18:00'],
    ],
    sex: [['22:00', '02:00']],
  },
  feriados: ['2026-11-30', '12-25'],
};

describe('business hours', () => {
  // 2026-11-23 is a Monday; São Paulo is UTC-3.
  test.each<[string, boolean, string | null]>([
    ['2026-11-23T10:59:59Z', false, '2026-11-21T02:00'],
    ['2026-11-23T11:00:00Z', true, null],
    ['2026-11-23T14:59:00Z', true, null],
    ['2026-11-23T15:00:00Z', false, '2026-11-23T12:00'],
    ['2026-11-23T16:00:00Z', true, null],
    ['2026-11-23T21:00:00Z', false, '2026-11-23T18:00'],
    ['2026-11-24T03:00:00Z', false, '2026-11-23T18:00'],
    ['2026-11-28T01:00:00Z', true, null],
    ['2026-11-28T04:59:00Z', true, null],
    ['2026-11-28T05:00:00Z', false, '2026-11-28T02:00'],
    ['2026-11-30T13:00:00Z', false, '2026-11-28T02:00'],
    ['2028-12-25T13:00:00Z', false, '2028-12-23T02:00'],
  ])('at %s open: %s, closed since %s', (at, open, since) => {
    expect(openingAt(SHOP, 'America/Sao_Paulo', new Date(at))).toEqual(open ? { open } : { open, since });
  });

  test('never open has one window', () => {
    const never = openingAt({ dias: {} }, 'America/Sao_Paulo', new Date('2026-11-23T12:00:00Z'));
    expect(never).toEqual({ open: false, since: 'sempre' });
  });

  test('summer time moves the hours with it', () => {
    const hours: BusinessHours = { dias: { seg: [['09:00', '17:00']] } };
    const open = (at: string) => openingAt(hours, 'America/New_York', new Date(at)).open;
    expect([open('2026-03-02T13:30:00Z'), open('2026-03-09T13:30:00Z')]).toEqual([false, true]);
  });
});

describe('texts', () => {
  const facts = {
    ...{ nome: 'Ana Maria', numero: '5511999999999', atendimentoId: '3f0e8c1a-6a1f-4f2e-9b7a-1f2e3d4c5b6a' },
    ...{ at: new Date('2026-11-23T11:05:00Z'), fuso: 'America/Sao_Paulo' },
  };
  test.each([
    ['{{saudacao}}, {{ primeiro_nome }}!', 'Bom dia, Ana!'],
    ['{{protocolo}} {{data}} {{hora}}', '3F0E8C1A 23/11/2026 08:05'],
    ['{{senha}} {{toString}} {nome}', '{{senha}} {{toString}} {nome}'],
  ])('%s is filled in', (text, filled) => {
    expect(fillTemplate(text, robotValues(facts))).toBe(filled);
  });

  test('a value is never read as a text of ours', () => {
    expect(fillTemplate('{{nome}}', robotValues({ ...facts, nome: '{{numero}}' }))).toBe('{{numero}}');
  });

  test.each([
    ['no name', null],
    ['an empty name', ''],
    ['blanks', ' \u00a0\u3000\t'],
    ['zero-width characters', '\u200b\u200d\ufeff\u2060'],
    ['Hangul fillers', '\u3164\u115f\uffa0'],
    ['Braille blanks', '\u2800\u2800'],
    ['directions', '\u202e\u2066\u200f'],
    ['a combining mark alone', '\u0301'],
    ['punctuation alone', '.'],
  ])('who has %s is called by the number', (_, nome) => {
    expect(fillTemplate('Bem-vindo {{nome}} | {{primeiro_nome}}!', robotValues({ ...facts, nome }))).toBe(
      'Bem-vindo 5511999999999 | 5511999999999!',
    );
  });

  test.each([
    ['\u200b Ana\u2800  Maria\n', 'Ana Maria | Ana'],
    ['\u202eanA', 'anA | anA'],
    ['👩‍👩‍👧 Bia', '👩‍👩‍👧 Bia | 👩‍👩‍👧'],
    ['~ Léo', '~ Léo | ~'],
    ['- Léo', '- Léo | Léo'],
    ['שלום', 'שלום | שלום'],
  ])('of %j what can be seen is said', (nome, said) => {
    expect(fillTemplate('{{nome}} | {{primeiro_nome}}', robotValues({ ...facts, nome }))).toBe(said);
  });

  test('unknown names are told', () => {
    expect(unknownVariables('{{nome}} {{senha}} {{constructor}}')).toEqual(['senha', 'constructor']);
  });
});

describe('what is said', () => {
  const hours = SHOP as unknown as Record<string, unknown>;
  const OPEN = '2026-11-23T13:00:00Z';
  const CLOSED = '2026-11-23T23:00:00Z';
  function aCandidate(changes: {
    status?: string;
    at?: string;
    agent?: string;
    done?: RobotCandidate['feitos'];
    hours?: Record<string, unknown> | null;
    away?: string | null;
  }): RobotCandidate {
    return {
      sessao: 'loja',
      atendimento: {
        ...{ id: 'abcdefgh', chat_jid: 'x@lid', numero_cliente: '1', nome_cliente: null },
        status: changes.status ?? 'AGUARDANDO',
      },
      ultima_cliente: changes.at ?? OPEN,
      ultima_atendente: changes.agent ?? null,
      configuracao: {
        ...{ mensagem_boas_vindas: 'oi', mensagem_encerramento: 'tchau', fuso: 'America/Sao_Paulo' },
        mensagem_ausencia: changes.away === undefined ? 'fechado' : changes.away,
        horario_atendimento: changes.hours === undefined ? hours : changes.hours,
      },
      feitos: changes.done ?? [],
    };
  }
  const away = { tipo: 'AUSENCIA', janela: '2026-11-23T18:00' } as const;

  test.each<[string, Parameters<typeof aCandidate>[0], string | null]>([
    ['the welcome, while it waits', {}, 'oi'],
    ['the welcome, without hours', { at: CLOSED, hours: null }, 'oi'],
    ['nothing to somebody who is being served', { status: 'EM_ATENDIMENTO' }, null],
    ['nothing a second time', { done: [{ tipo: 'BOAS_VINDAS', janela: '' }] }, null],
    ['the away message outside business hours', { at: CLOSED }, 'fechado'],
    ['the away message also to somebody who is being served', { at: CLOSED, status: 'EM_ATENDIMENTO' }, 'fechado'],
    ['not while an agent is there', { at: CLOSED, agent: '2026-11-23T22:45:00Z' }, null],
    ['again when the agent has left', { at: CLOSED, agent: '2026-11-23T22:15:00Z' }, 'fechado'],
    ['once a closed time', { at: CLOSED, done: [away] }, null],
    ['again in the next closed time', { at: '2026-11-24T00:00:00Z', done: [{ ...away, janela: 'ontem' }] }, 'fechado'],
    ['nothing when there is no away message', { at: CLOSED, away: null }, null],
    ['the closing message', { status: 'FINALIZADO', at: CLOSED }, 'tchau'],
    ['the closing message once', { status: 'FINALIZADO', done: [{ tipo: 'ENCERRAMENTO', janela: '' }] }, null],
  ])('%s', (_name, changes, texto) => {
    expect(decide(aCandidate(changes))?.texto ?? null).toBe(texto);
  });
});

test('only who may use all connections of an owner sets the robot of all of them', async () => {
  const owner = '11111111-1111-4111-8111-111111111111';
  const saved: string[] = [];
  const table = {
    settings: async () => null,
    saveSettings: async (sessao: string) => {
      saved.push(sessao);
      return {};
    },
  };
  const robot = new RobotConfiguration({ table, ownerOf: () => owner });
  const texts = { mensagem_boas_vindas: null, mensagem_ausencia: null, mensagem_encerramento: null };
  const all = { ...texts, todas: true, auto_resposta: true, horario_atendimento: null, fuso: 'America/Sao_Paulo' };
  const limited = { ownerId: owner, companyIds: [], connections: [{ connectionId: 'c1', rowId: null }] };
  const colleague = { ownerId: '22222222-2222-4222-8222-222222222222', companyIds: ['c'] };
  for (const scope of [limited, colleague]) {
    await expect(robot.write('c1', all, scope)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await robot.write('c1', { ...all, todas: false }, scope);
  }
  for (const scope of [null, { ownerId: owner, companyIds: [] }]) await robot.write('c1', all, scope);
  expect(saved).toHaveLength(4);
});
