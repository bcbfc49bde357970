import type { z } from 'zod';
import type { ActionName } from '../../integration/atendimento-actions.js';
import type { AtendimentosPort } from '../ports.js';
import { ok, route, type Caller, type Route } from '../route.js';
import { actionReply, atendimentoParams, bodies } from '../schemas/atendimentos.js';

const BASE = '/api/whatsapp-integration/atendimentos';

/** What may be done with an atendimento, as POST `…/:id/<path>`. */
const ACTIONS: { name: ActionName; path: string; operationId: string; summary: string }[] = [
  {
    name: 'assign',
    path: 'assign',
    operationId: 'assignAtendimento',
    summary: 'Give it to an agent, unless another has it',
  },
  { name: 'start', path: 'start', operationId: 'startAtendimento', summary: 'An agent takes it: EM_ATENDIMENTO' },
  {
    name: 'transfer',
    path: 'transfer',
    operationId: 'transferAtendimento',
    summary: 'Give it to another agent, whoever has it',
  },
  { name: 'finish', path: 'finish', operationId: 'finishAtendimento', summary: 'Close it: FINALIZADO' },
  { name: 'cancel', path: 'cancel', operationId: 'cancelAtendimento', summary: 'Close it without result: CANCELADO' },
  { name: 'priority', path: 'priority', operationId: 'prioritizeAtendimento', summary: 'Set its priority' },
  { name: 'tags', path: 'tags', operationId: 'tagAtendimento', summary: 'Add and remove tags' },
  { name: 'note', path: 'notes', operationId: 'noteAtendimento', summary: 'Write a note into its history' },
];

/** Each action checks and writes in one transaction; who did it stands in the history. */
export function atendimentoActionRoutes(atendimentos: AtendimentosPort): Route[] {
  return ACTIONS.map(({ name, path, operationId, summary }) =>
    route({
      tag: 'atendimentos',
      access: 'manage',
      method: 'post',
      path: `${BASE}/:id/${path}`,
      operationId,
      summary,
      input: { params: atendimentoParams, body: bodies[name] as z.ZodObject },
      replies: { 200: { description: 'As it is now.', schema: actionReply } },
      errors: [
        ...(['ATENDIMENTO_NOT_FOUND', 'INVALID_TRANSITION', 'ATENDIMENTO_TAKEN'] as const),
        ...(['DATABASE_UNAVAILABLE', 'DATABASE_REFUSED', 'SCHEMA_OUTDATED', 'DEADLINE_EXCEEDED'] as const),
      ],
      handle: async ({ params: { id }, body: { autorId, ...input } }, caller) => {
        const actor = { origem: caller.name, autorId: userOf(caller) ?? (autorId as string | undefined) ?? null };
        // The schema of this very name has checked it.
        return ok(await atendimentos.act(id, name, input, actor, caller.scope));
      },
    }),
  );
}

/** A signed-in user acts as nobody else, whatever the body says; a key acts for whom it names. */
function userOf({ name }: Caller): string | null {
  return /^user:([0-9a-f-]{36})$/i.exec(name)?.[1] ?? null;
}
