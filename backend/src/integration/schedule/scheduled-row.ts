import { describe } from '../../inbound/describe.js';
import type { ScheduledRecord } from '../../journal/schedule-records.js';
import { buildMessage } from '../../outbound/build-message.js';
import type { OutgoingContent } from '../../outbound/content.js';

/** A row of `whatsapp_mensagens_agendadas`, as the API shows it. Times are ISO 8601 in UTC. */
export interface ScheduledResource {
  id: string;
  owner_id: string;
  company_id: string | null;
  /** Connection id. */
  sessao: string;
  para: string;
  tipo: string;
  conteudo: string;
  modelo: string | null;
  enviar_em: string;
  status: ScheduledRecord['state'];
  erro: string | null;
  whatsapp_id: string | null;
  mensagem_id: string | null;
  revisao: number;
  created_at: string;
  updated_at: string;
}

const iso = (ms: number) => new Date(ms).toISOString();

/** From the journal: what was answered is there, whether or not the database has it yet. */
export function presentScheduled(record: ScheduledRecord): ScheduledResource {
  const { id, ownerId, companyId, connectionId, to, type, conteudo, modelo, sendAt, state, error } = record;
  const { whatsappId, mensagemId, revision, createdAt, updatedAt } = record;
  return {
    ...{ id, owner_id: ownerId, company_id: companyId, sessao: connectionId, para: to, tipo: type, conteudo, modelo },
    ...{ enviar_em: iso(sendAt), status: state, erro: error, whatsapp_id: whatsappId, mensagem_id: mensagemId },
    ...{ revisao: revision, created_at: iso(createdAt), updated_at: iso(updatedAt) },
  };
}

/** What an agent reads of a message that is not sent yet: as its row will say, or what it will change. */
export function previewOf(content: OutgoingContent): string {
  switch (content.kind) {
    case 'reaction':
      return content.emoji === '' ? 'Reação retirada' : `Reação: ${content.emoji}`;
    case 'edit':
      return `Edição: ${content.text}`;
    case 'delete':
      return 'Apagar mensagem';
    default:
      return describe(buildMessage(content)).conteudo;
  }
}
