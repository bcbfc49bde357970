/**
 * What `registrar_eventos(lote jsonb)` takes and answers: the one write path into Postgres.
 * Everything is plain JSON; times are ISO 8601 in UTC; ids are UUIDs minted by the gateway.
 */

/** A party as WhatsApp addressed it. `pn` is `<digits>@s.whatsapp.net`, `lid` is `<digits>@lid`, both without device;
 *  at least one of `pn`, `lid` for a person, neither for a group. `tipo: 'eu'` is this number itself. */
export interface Endereco {
  tipo: 'pessoa' | 'grupo' | 'eu';
  /** As received, without device: the address to reply to. */
  jid: string;
  pn: string | null;
  lid: string | null;
  /** Address-book name or group subject, when known. */
  nome?: string | null;
  /** Push name: what the person calls themselves. */
  nome_perfil?: string | null;
}

/** A message that an op points at. `autor: null` = written by this number. In a private chat with `autor` given it is the other side. */
export interface Alvo {
  chat: Endereco;
  autor: Endereco | null;
  whatsapp_id: string;
}

/** `subtipo` of what WhatsApp tells about a group (somebody came, left, changed its subject): nobody's message. */
export const AVISO_GRUPO = 'AVISO_GRUPO';

export type TipoMensagem = 'TEXTO' | 'IMAGEM' | 'VIDEO' | 'AUDIO' | 'DOCUMENTO';
export type Remetente = 'CLIENTE' | 'ATENDENTE' | 'SISTEMA';
export type StatusMensagem = 'RECEBIDA' | 'PENDENTE' | 'ENVIADA' | 'ENTREGUE' | 'LIDA' | 'REPRODUZIDA' | 'ERRO';
export type StatusSessao = 'disconnected' | 'connecting' | 'connected' | 'error';

interface Base {
  /** The connection id (`whatsapp_sessions.session_name`); owner and company come from its row. */
  sessao: string;
}

/** Creates or changes the session's row; only given fields are written. The first one for a name carries `id`, `owner_id`. */
export interface EventoSessao extends Base {
  op: 'sessao';
  id?: string;
  owner_id?: string;
  company_id?: string | null;
  nome?: string;
  driver?: string;
  status?: StatusSessao;
  estado?: string;
  motivo?: string | null;
  numero?: string | null;
  lid?: string | null;
  qr_code?: string | null;
  connected_at?: string | null;
  disconnected_at?: string | null;
  ultima_atividade?: string | null;
  configuracao?: Record<string, unknown>;
  /** Texts that the two ids were made of. */
  owner_texto?: string | null;
  company_texto?: string | null;
  /** Journal sequence. */
  ordem?: number;
}

/** Someone's names or addresses became known. With both `pn` and `lid` it may merge two contatos. */
export interface EventoContato extends Base {
  op: 'contato';
  contato: Endereco & FatosContato;
}

/** What is known of somebody beside names and addresses; what is absent stays as it is. */
export interface FatosContato {
  /** Verified name of a business account. */
  nome_empresa?: string | null;
  bloqueado?: boolean;
  /** null = there is none to see. Comes with `foto_em`, when WhatsApp was asked (ISO 8601). */
  foto_url?: string | null;
  foto_em?: string;
}

export interface EventoMensagem extends Base {
  op: 'mensagem';
  id: string;
  chat: Endereco;
  /** null = this number wrote it. In a private chat from the customer: the same as `chat`. */
  autor: Endereco | null;
  remetente_jid: string;
  whatsapp_id: string;
  /** Journal sequence. */
  ordem: number;
  /** This connection's own number when it was journaled (digits); absent or null = not known. */
  numero_proprio?: string | null;
  timestamp: string;
  remetente: Remetente;
  tipo: TipoMensagem;
  subtipo: string | null;
  conteudo: string;
  status: StatusMensagem;
  erro?: string | null;
  dados?: Record<string, unknown> | null;
  /** whatsapp_id of the quoted message. */
  resposta_a?: string | null;
  midia_tipo?: string | null;
  midia_nome?: string | null;
  midia_tamanho?: number | null;
  /** From history sync: stored, but opens no atendimento and counts as read. */
  historico?: boolean;
}

export interface EventoEdicao extends Base {
  op: 'edicao';
  alvo: Alvo;
  conteudo: string;
  editada_em: string;
  /** Whom the new text mentions; numbers, and LIDs of unknown numbers. */
  mencoes?: string[];
}

export interface EventoApagamento extends Base {
  op: 'apagamento';
  alvo: Alvo;
  apagada_em: string;
}

export interface EventoReacao extends Base {
  op: 'reacao';
  alvo: Alvo;
  /** Who reacted; null = this number. */
  autor: Endereco | null;
  /** null removes the reaction. */
  emoji: string | null;
  timestamp: string;
}

/** A move of one of our own messages. Receipts that come before their message are kept until it comes. */
export interface EventoStatus extends Base {
  op: 'status';
  chat: Endereco;
  whatsapp_id: string;
  status: StatusMensagem;
  erro?: string | null;
  /** Time of the server ack becomes the message's `timestamp`; of receipts it goes to `dados.recibos`. */
  timestamp: string;
  /** In groups: whose receipt. It goes to `dados.participantes`, and the row has the lowest status of all of them. */
  participante?: Endereco | null;
  /** With the server ack of a group's message: whom it was sent to (this number may be among them). Without them nobody
   *  can say that it was delivered to all. */
  destinatarios?: { pn: string | null; lid: string | null }[];
}

/** Inbound messages were read here (on the phone, or by `messages/read`): `lida`, and `nao_lidas` goes down. */
export interface EventoLeitura extends Base {
  op: 'leitura';
  chat: Endereco;
  /** These messages; or, when absent, all up to `ate`. */
  whatsapp_ids?: string[];
  ate?: string;
}

/** Adds keys to `dados` of a message (poll votes, later facts). */
export interface EventoDados extends Base {
  op: 'dados';
  alvo: Alvo;
  dados: Record<string, unknown>;
  /** Whose vote or answer it is; null = this number. With both addresses it may merge two contatos. */
  autor?: Endereco | null;
}

/** The file of a message is in the media store, or will never be: `midia_*` of its row, found by the row's id. */
export interface EventoMidia extends Base {
  op: 'midia';
  mensagem_id: string;
  midia_caminho: string | null;
  midia_url: string | null;
  midia_tipo: string | null;
  midia_nome: string | null;
  midia_tamanho: number | null;
  /** Why there is none; kept as `dados.midia.erro`. */
  erro: string | null;
}

export type StatusAgendamento = 'AGENDADA' | 'ACEITA' | 'ENVIADA' | 'FALHOU' | 'CANCELADA' | 'EXPIRADA';

/** A scheduled message as it stands now: its row in `whatsapp_mensagens_agendadas`. An older `revisao` changes nothing. */
export interface EventoAgendamento extends Base {
  op: 'agendamento';
  id: string;
  para: string;
  tipo: string;
  conteudo: string;
  modelo: string | null;
  enviar_em: string;
  status: StatusAgendamento;
  whatsapp_id: string | null;
  mensagem_id: string | null;
  erro: string | null;
  revisao: number;
  criado_em: string;
}

/** A text template of an owner: its row in `whatsapp_modelos`. `sessao` is empty. */
export interface EventoModelo extends Base {
  op: 'modelo';
  id: string;
  owner_id: string;
  nome: string;
  texto: string;
  fuso: string;
  removido: boolean;
  criado_em: string;
}

export type Evento =
  | EventoSessao
  | EventoContato
  | EventoMensagem
  | EventoEdicao
  | EventoApagamento
  | EventoReacao
  | EventoStatus
  | EventoLeitura
  | EventoDados
  | EventoMidia
  | EventoAgendamento
  | EventoModelo;

/** One row per item of the batch, in its order (`indice` from 0). */
export interface ResultadoEvento {
  indice: number;
  /** `pendente`: its target is not there yet; kept and applied when it comes. */
  resultado: 'inserida' | 'atualizada' | 'duplicada' | 'pendente' | 'ignorada';
  mensagem_id: string | null;
  atendimento_id: string | null;
  contato_id: string | null;
  /** This item opened the atendimento. */
  atendimento_novo: boolean;
  /** The atendimento's status after this item. */
  atendimento_status: string | null;
  /** Atendimentos that this item merged, `{ de, para }`. */
  unidos: { de: string; para: string }[] | null;
}
