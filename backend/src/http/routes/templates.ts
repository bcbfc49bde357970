import { z } from 'zod';
import { ofParties } from '../of-parties.js';
import { ok, route, type Route } from '../route.js';
import type { TemplatesPort } from '../schedule-ports.js';
import { success, uuid } from '../schemas/common.js';
import * as schema from '../schemas/templates.js';

const PATH = '/api/whatsapp-integration/templates';
const facts = { tag: 'templates' } as const;
const params = z.object({ id: uuid });
const JOURNAL = ['JOURNAL_FAILED', 'JOURNAL_FULL'] as const;
const reply = (description: string) => ({ description, schema: schema.templateReply });

/** Texts with variables that messages are written with. */
export function templateRoutes(templates: TemplatesPort): Route[] {
  return [
    route({
      ...facts,
      method: 'post',
      path: PATH,
      access: 'manage',
      operationId: 'createTemplate',
      summary: 'Write a template',
      input: { body: schema.createTemplateBody },
      replies: { 201: reply('It can be used.') },
      errors: ['TEMPLATE_TAKEN', 'TEMPLATE_LIMIT', 'FORBIDDEN', ...JOURNAL],
      handle: async ({ body }, { scope }) => ({
        ...ok({ modelo: await templates.create(ofParties(body), scope) }),
        status: 201,
      }),
    }),
    route({
      ...facts,
      method: 'get',
      path: PATH,
      access: 'read',
      operationId: 'listTemplates',
      summary: 'All templates, by name',
      input: {},
      replies: { 200: { description: 'All that the caller may see.', schema: schema.templatesReply } },
      errors: [],
      handle: (_input, { scope }) => ok({ data: templates.list(scope) }),
    }),
    route({
      ...facts,
      method: 'get',
      path: `${PATH}/:id`,
      access: 'read',
      operationId: 'getTemplate',
      summary: 'A template',
      input: { params },
      replies: { 200: reply('As it is now.') },
      errors: ['TEMPLATE_NOT_FOUND'],
      handle: ({ params: { id } }, { scope }) => ok({ modelo: templates.get(id, scope) }),
    }),
    route({
      ...facts,
      method: 'patch',
      path: `${PATH}/:id`,
      access: 'manage',
      operationId: 'updateTemplate',
      summary: 'Change a template; messages that were scheduled with it keep its text',
      input: { params, body: schema.updateTemplateBody },
      replies: { 200: reply('As it is now.') },
      errors: ['TEMPLATE_NOT_FOUND', 'TEMPLATE_TAKEN', 'FORBIDDEN', ...JOURNAL],
      handle: async ({ params: { id }, body }, { scope }) => ok({ modelo: await templates.update(id, body, scope) }),
    }),
    route({
      ...facts,
      method: 'delete',
      path: `${PATH}/:id`,
      access: 'manage',
      operationId: 'deleteTemplate',
      summary: 'Remove a template; messages that were scheduled with it keep its text',
      input: { params },
      replies: { 200: { description: 'It is gone.', schema: success } },
      errors: ['TEMPLATE_NOT_FOUND', 'FORBIDDEN', ...JOURNAL],
      handle: async ({ params: { id } }, { scope }) => {
        await templates.delete(id, scope);
        return ok({});
      },
    }),
  ];
}
