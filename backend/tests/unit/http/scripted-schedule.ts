import type { ScheduledPort, TemplatesPort } from '../../../src/http/schedule-ports.js';
import type { ScheduledResource } from '../../../src/integration/schedule/scheduled-row.js';
import type { TemplateResource } from '../../../src/integration/templates/message-templates.js';

const UUID = '3f0e8c1a-6a1f-4f2e-9b7a-1f2e3d4c5b6a';
const NOW = '2026-01-02T03:04:05.000Z';

export function aScheduled(changes: Partial<ScheduledResource> = {}): ScheduledResource {
  return {
    ...{ id: UUID, owner_id: UUID, company_id: null, sessao: 'c1', para: '5511999999999', tipo: 'text' },
    ...{ conteudo: 'Olá', modelo: null, enviar_em: NOW, status: 'AGENDADA', erro: null, whatsapp_id: null },
    ...{ mensagem_id: null, revisao: 1, created_at: NOW, updated_at: NOW },
    ...changes,
  };
}

export function aTemplate(changes: Partial<TemplateResource> = {}): TemplateResource {
  return {
    ...{
      id: UUID,
      owner_id: UUID,
      owner_texto: null,
      nome: 'lembrete',
      texto: 'Oi, {{nome}}!',
      fuso: 'America/Sao_Paulo',
    },
    ...{ variaveis: ['nome'], created_at: NOW, updated_at: NOW },
    ...changes,
  };
}

/** Answers of what stands behind the routes of scheduled messages and templates. */
export function scriptedSchedule(): { scheduled: ScheduledPort; templates: TemplatesPort } {
  return {
    scheduled: {
      create: async () => ({ agendamento: aScheduled(), created: true }),
      list: async () => ({ data: [{ ...aScheduled() }], nextCursor: 'next', prevCursor: '~a' }),
      get: (id) => aScheduled({ id }),
      change: async (id) => aScheduled({ id }),
      cancel: async (id) => aScheduled({ id, status: 'CANCELADA' }),
    },
    templates: {
      create: async ({ nome, texto }) => aTemplate({ nome, texto }),
      list: () => [aTemplate()],
      get: (id) => aTemplate({ id }),
      update: async (id) => aTemplate({ id }),
      delete: async () => undefined,
    },
  };
}
