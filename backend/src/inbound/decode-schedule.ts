import type { ScheduledEntry, TemplateEntry } from '../journal/records.js';
import type { Evento } from '../supabase/evento.js';

const iso = (ms: number) => new Date(ms).toISOString();

/** A scheduled message that was made or has changed → its row. */
export function decodeScheduled({ connectionId, summary }: ScheduledEntry): Evento[] {
  const { id, to, type, conteudo, modelo, sendAt, state, whatsappId, mensagemId, error, revision, createdAt } = summary;
  return [
    {
      ...{ op: 'agendamento', sessao: connectionId, id, para: to, tipo: type, conteudo, modelo, status: state },
      ...{ enviar_em: iso(sendAt), whatsapp_id: whatsappId, mensagem_id: mensagemId, erro: error },
      ...{ revisao: revision, criado_em: iso(createdAt) },
    },
  ];
}

/** A template that was written or removed → its row. */
export function decodeTemplate({ connectionId, template, removed }: TemplateEntry): Evento[] {
  const { id, ownerId, nome, texto, fuso, createdAt } = template;
  return [
    {
      ...{ op: 'modelo', sessao: connectionId, id, owner_id: ownerId, nome, texto, fuso, removido: removed },
      criado_em: iso(createdAt),
    },
  ];
}
