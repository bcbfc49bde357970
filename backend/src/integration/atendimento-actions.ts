import type { AtendimentoChange, StatusAtendimento } from '../supabase/atendimentos.js';

/** Who asks: the API key's name, and the agent on whose behalf, when one is named. */
export interface Actor {
  origem: string;
  autorId: string | null;
}

/** What each action needs to know beside the atendimento. */
export interface ActionInputs {
  assign: { atendenteId: string };
  start: { atendenteId?: string | undefined };
  finish: { texto?: string | undefined };
  cancel: { texto?: string | undefined };
  transfer: { atendenteId: string | null; texto?: string | undefined };
  priority: { prioridade: number };
  tags: { adicionar: string[]; remover: string[] };
  note: { texto: string };
}
export type ActionName = keyof ActionInputs;

interface ActionPolicy<N extends ActionName> {
  /** Statuses in which it is allowed; in all others it is refused with 409 INVALID_TRANSITION. */
  from: readonly StatusAtendimento[];
  /** The status it leads to; null: it stays. */
  to: StatusAtendimento | null;
  /** Refused with 409 ATENDIMENTO_TAKEN when another agent has it. */
  free: boolean;
  /** `whatsapp_atendimento_eventos.tipo`. */
  event: string;
  columns?: (input: ActionInputs[N]) => AtendimentoChange['mudancas'];
}

const OPEN = ['AGUARDANDO', 'EM_ATENDIMENTO'] as const;
const ANY = [...OPEN, 'FINALIZADO', 'CANCELADO'] as const;

/** What may be done in which status, and where it leads. A closed atendimento never opens again: the customer's next
 *  message opens a new one. */
export const ATENDIMENTO_ACTIONS: { [N in ActionName]: ActionPolicy<N> } = {
  assign: { from: OPEN, to: null, free: true, event: 'ATRIBUIDO', columns: agent },
  start: { from: OPEN, to: 'EM_ATENDIMENTO', free: true, event: 'INICIADO', columns: agent },
  transfer: { from: OPEN, to: null, free: false, event: 'TRANSFERIDO', columns: agent },
  finish: { from: OPEN, to: 'FINALIZADO', free: false, event: 'FINALIZADO' },
  cancel: { from: OPEN, to: 'CANCELADO', free: false, event: 'CANCELADO' },
  priority: {
    from: OPEN,
    to: null,
    free: false,
    event: 'PRIORIZADO',
    columns: ({ prioridade }) => ({ prioridade }),
  },
  tags: { from: ANY, to: null, free: false, event: 'ETIQUETADO' },
  note: { from: ANY, to: null, free: false, event: 'NOTA' },
};

function agent({ atendenteId }: { atendenteId?: string | null | undefined }): AtendimentoChange['mudancas'] {
  return atendenteId === undefined ? {} : { atendente_id: atendenteId };
}

/** The change that an action asks the database for. */
export function changeOf<N extends ActionName>(name: N, input: ActionInputs[N], actor: Actor): AtendimentoChange {
  const policy = ATENDIMENTO_ACTIONS[name];
  const texto = 'texto' in input ? (input.texto ?? null) : null;
  return {
    de: policy.from,
    livre: policy.free,
    mudancas: { ...(policy.to && { status: policy.to }), ...policy.columns?.(input) },
    etiquetas: 'adicionar' in input ? input : null,
    evento: { tipo: policy.event, autor_id: actor.autorId, origem: actor.origem, texto },
  };
}
