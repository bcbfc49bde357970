import { proto } from '@whiskeysockets/baileys';
import { Cuts } from './caps.js';
import { textOr, type ContentRow, type Handlers } from './handler.js';
import { base64, compact, count, isoFromMs } from './proto-values.js';

const { CallOutcome } = proto.Message.CallLogMessage;

const OUTCOMES: Record<proto.Message.CallLogMessage.CallOutcome, string> = {
  [CallOutcome.CONNECTED]: 'atendida',
  [CallOutcome.MISSED]: 'perdida',
  [CallOutcome.FAILED]: 'sem sucesso',
  [CallOutcome.REJECTED]: 'recusada',
  [CallOutcome.ACCEPTED_ELSEWHERE]: 'atendida em outro aparelho',
  [CallOutcome.ONGOING]: 'em andamento',
  [CallOutcome.SILENCED_BY_DND]: 'silenciada',
  [CallOutcome.SILENCED_UNKNOWN_CALLER]: 'silenciada (número desconhecido)',
};

/** Calls, as offers, logs and appointments. */
export const calls: Handlers<
  'call' | 'callLogMesssage' | 'bcallMessage' | 'scheduledCallCreationMessage' | 'scheduledCallEditMessage'
> = {
  call: {
    as: 'row',
    row: (call) => ({
      tipo: 'TEXTO',
      subtipo: 'CHAMADA',
      conteudo: 'Chamada recebida',
      dados: compact({
        conversao: call.conversionSource,
        sinaisCtwa: call.ctwaSignals,
        dadosConversao: base64(call.conversionData),
      }),
    }),
  },
  callLogMesssage: { as: 'row', row: callLogRow },
  bcallMessage: {
    as: 'row',
    row: (call) => ({
      tipo: 'TEXTO',
      subtipo: 'CHAMADA',
      conteudo: textOr(call.caption, 'Chamada em grupo'),
      dados: compact({ sessaoChamada: call.sessionId }),
    }),
  },
  scheduledCallCreationMessage: { as: 'row', row: scheduledCallRow },
  scheduledCallEditMessage: {
    as: 'row',
    row: (edit) => ({
      tipo: 'TEXTO',
      subtipo: 'CHAMADA_AGENDADA',
      conteudo: 'Chamada agendada cancelada',
      dados: compact({ chamada: edit.key?.id }),
    }),
  },
};

function callLogRow(call: proto.Message.ICallLogMessage): ContentRow {
  const outcome = call.callOutcome == null ? '' : ` ${OUTCOMES[call.callOutcome] ?? ''}`;
  const seconds = count(call.durationSecs);
  const cuts = new Cuts();
  return {
    tipo: 'TEXTO',
    subtipo: 'CHAMADA',
    conteudo: `Chamada de ${call.isVideo ? 'vídeo' : 'voz'}${outcome}${seconds ? ` (${seconds} s)` : ''}`,
    dados: {
      chamada: compact({
        video: call.isVideo === true,
        duracao: seconds,
        participantes: cuts.take('participantes', call.participants).map((participant) => participant.jid),
      }),
      ...cuts.facts(),
    },
  };
}

function scheduledCallRow(call: proto.Message.IScheduledCallCreationMessage): ContentRow {
  const at = isoFromMs(call.scheduledTimestampMs);
  return {
    tipo: 'TEXTO',
    subtipo: 'CHAMADA_AGENDADA',
    conteudo: `Chamada agendada: ${textOr(call.title, 'sem título')}${at ? ` (${at})` : ''}`,
    dados: { chamada: compact({ titulo: call.title, em: at }) },
  };
}
