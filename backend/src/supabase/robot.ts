import { normalizeTimes, type Row } from './rows.js';
import type { SupabaseWhatsAppService } from './supabase-whatsapp-service.js';

export type RobotKind = 'BOAS_VINDAS' | 'AUSENCIA' | 'ENCERRAMENTO';

/** A private chat in which something has just happened, as `robo_devidos` answers it. */
export interface RobotCandidate {
  /** Connection id. */
  sessao: string;
  atendimento: {
    id: string;
    chat_jid: string;
    numero_cliente: string;
    nome_cliente: string | null;
    status: string;
  };
  /** ISO 8601: when the customer, and when an agent, wrote last. */
  ultima_cliente: string;
  ultima_atendente: string | null;
  configuracao: {
    mensagem_boas_vindas: string | null;
    mensagem_ausencia: string | null;
    mensagem_encerramento: string | null;
    /** What a person put there. */
    horario_atendimento: Row | null;
    fuso: string;
  };
  /** What the robot has said in it already. */
  feitos: { tipo: RobotKind; janela: string }[];
}

/** A message that was taken and not finished. */
export interface ReservedSend {
  id: string;
  sessao: string;
  para: string;
  texto: string;
}

/** The robot's side of the database (supabase/migrations/20261121001320). Everything rejects with a DatabaseFailure. */
export class RobotTable {
  constructor(private readonly database: Pick<SupabaseWhatsAppService, 'call'>) {}

  /** Chats in which something happened in the last minutes; none when no settings ask for a robot. */
  async candidates(minutos: number): Promise<RobotCandidate[]> {
    return (await this.database.call('robo_devidos', { minutos, limite: 500 })) as unknown as RobotCandidate[];
  }

  /** Takes a message upon itself. null: it was taken before. `BLOQUEADO`: more than `maximo` in `minutos` to one person. */
  async reserve(send: {
    atendimento_id: string;
    tipo: RobotKind;
    janela: string;
    texto: string;
    para: string;
    maximo: number;
    minutos: number;
  }): Promise<{ id: string; estado: 'RESERVADO' | 'BLOQUEADO' } | null> {
    const [row] = await this.database.call('robo_reservar', send);
    return row ? (row as { id: string; estado: 'RESERVADO' | 'BLOQUEADO' }) : null;
  }

  /** What lies there unfinished for so many seconds, of the last hours. */
  async unfinished(segundos: number, horas: number): Promise<ReservedSend[]> {
    return (await this.database.call('robo_reservados', { segundos, horas })) as unknown as ReservedSend[];
  }

  async finish(id: string, estado: 'ACEITO' | 'FALHOU', more: { whatsapp_id?: string; erro?: string }): Promise<void> {
    await this.database.call('robo_concluir', { id, estado, ...more });
  }

  /** The settings that count for a connection (its own, else its owner's); null: none. */
  async settings(sessao: string): Promise<Row | null> {
    const [row] = await this.database.call('ler_configuracao', { sessao });
    return row ? normalizeTimes(row) : null;
  }

  /** Creates or replaces a connection's settings; with `todas` those of all connections of its owner. */
  async saveSettings(sessao: string, settings: RobotSettings): Promise<Row> {
    const [row] = await this.database.call('gravar_configuracao', { sessao, ...settings });
    return normalizeTimes(row!);
  }
}

/** Columns of `whatsapp_configuracoes` that the robot goes by. */
export interface RobotSettings {
  todas: boolean;
  auto_resposta: boolean;
  mensagem_boas_vindas: string | null;
  mensagem_ausencia: string | null;
  mensagem_encerramento: string | null;
  horario_atendimento: object | null;
  fuso: string;
}
