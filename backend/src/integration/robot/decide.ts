import type { RobotCandidate, RobotKind } from '../../supabase/robot.js';
import { openingAt, type BusinessHours } from './business-hours.js';
import { fillTemplate, robotValues } from '../templates/fill-template.js';

/** A message that the robot owes. `janela` tells one closed time from the next. */
export interface RobotDecision {
  tipo: RobotKind;
  janela: string;
  texto: string;
}

/** While an agent has just written, the customer is not told that nobody is there. */
const AGENT_PRESENT_MS = 30 * 60_000;

/**
 * What the robot says in this chat now; null: nothing.
 * - closed by an agent: the closing message.
 * - open, outside business hours, no agent around: the away message, once a closed time.
 * - open, waiting, inside business hours (or none are set): the welcome.
 */
export function decide(candidate: RobotCandidate): RobotDecision | null {
  const { atendimento, configuracao } = candidate;
  const said = (tipo: RobotKind, janela = '') =>
    candidate.feitos.some((one) => one.tipo === tipo && one.janela === janela);
  const say = (tipo: RobotKind, janela: string, texto: string | null): RobotDecision | null => {
    const filled = texto === null ? '' : fillTemplate(texto, valuesOf(candidate)).trim();
    return filled === '' || said(tipo, janela) ? null : { tipo, janela, texto: filled };
  };
  if (atendimento.status === 'FINALIZADO') return say('ENCERRAMENTO', '', configuracao.mensagem_encerramento);
  const opening = openingOf(candidate);
  if (!opening.open)
    return agentPresent(candidate) ? null : say('AUSENCIA', opening.since, configuracao.mensagem_ausencia);
  if (atendimento.status !== 'AGUARDANDO') return null;
  return say('BOAS_VINDAS', '', configuracao.mensagem_boas_vindas);
}

/** By the time at which the customer wrote. Without hours, or with hours that nobody can read, it is open. */
function openingOf({ configuracao: { horario_atendimento: hours, fuso }, ultima_cliente }: RobotCandidate) {
  if (hours === null || typeof hours.dias !== 'object') return { open: true } as const;
  return openingAt(hours as unknown as BusinessHours, fuso, new Date(ultima_cliente));
}

function agentPresent({ ultima_cliente, ultima_atendente }: RobotCandidate): boolean {
  return ultima_atendente !== null && Date.parse(ultima_cliente) - Date.parse(ultima_atendente) < AGENT_PRESENT_MS;
}

function valuesOf({ atendimento, configuracao, ultima_cliente }: RobotCandidate) {
  const { nome_cliente: nome, numero_cliente: numero, id: atendimentoId } = atendimento;
  return robotValues({ nome, numero, atendimentoId, at: new Date(ultima_cliente), fuso: configuracao.fuso });
}
