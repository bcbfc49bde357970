import type { TypedEmitter } from '../lib/typed-emitter.js';
import type { GatewayEvents, MessageFact } from '../notifications/gateway-events.js';
import { AVISO_GRUPO, type Evento, type EventoMensagem, type ResultadoEvento } from '../supabase/evento.js';

/** Turns what became rows into the events that people listen to. A row that was there already is no news. */
export function publishFacts(
  events: TypedEmitter<GatewayEvents>,
  eventos: Evento[],
  resultados: ResultadoEvento[],
): void {
  eventos.forEach((evento, index) => {
    const resultado = resultados[index];
    if (!resultado) return;
    for (const { de, para } of resultado.unidos ?? []) {
      events.emit('atendimentoMerged', { connectionId: evento.sessao, de, para });
    }
    if (resultado.resultado === 'duplicada' || resultado.resultado === 'ignorada') return;
    if (evento.op === 'mensagem' && !evento.historico) {
      events.emit(eventOf(evento), messageFact(evento, resultado));
    }
    if (evento.op === 'midia' && (evento.midia_url ?? evento.erro) !== null) {
      const { sessao, mensagem_id, midia_url, erro } = evento;
      events.emit('messageMedia', { connectionId: sessao, mensagemId: mensagem_id, url: midia_url, erro });
    }
    if (evento.op === 'status') {
      const { sessao, whatsapp_id, status, erro } = evento;
      events.emit('messageStatus', { connectionId: sessao, whatsappId: whatsapp_id, status, erro: erro ?? null });
    }
  });
}

function eventOf({ remetente, subtipo }: EventoMensagem): 'messageReceived' | 'messageSent' | 'groupUpdated' {
  if (subtipo === AVISO_GRUPO) return 'groupUpdated';
  return remetente === 'CLIENTE' ? 'messageReceived' : 'messageSent';
}

function messageFact(evento: EventoMensagem, resultado: ResultadoEvento): MessageFact {
  return {
    connectionId: evento.sessao,
    mensagemId: resultado.mensagem_id,
    atendimentoId: resultado.atendimento_id,
    contatoId: resultado.contato_id,
    whatsappId: evento.whatsapp_id,
    tipo: evento.tipo,
    conteudo: evento.conteudo,
    timestamp: evento.timestamp,
  };
}
