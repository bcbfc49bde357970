import { z } from 'zod';
import type { RobotPort } from '../ports.js';
import { ok, route, type Route } from '../route.js';
import { connectionId } from '../schemas/common.js';
import { robotBody, robotReply } from '../schemas/robot.js';

const PATH = '/api/whatsapp-integration/connections/:id/robot';
const facts = {
  tag: 'robot',
  path: PATH,
  replies: { 200: { description: 'As it is now.', schema: robotReply } },
  errors: [
    ...(['CONNECTION_NOT_FOUND', 'DATABASE_UNAVAILABLE', 'DATABASE_REFUSED', 'SCHEMA_OUTDATED'] as const),
    'DEADLINE_EXCEEDED',
  ],
} as const;
const params = z.object({ id: connectionId });

/** What the robot says for a connection, and when. */
export function robotRoutes(robot: RobotPort): Route[] {
  return [
    route({
      ...facts,
      method: 'get',
      access: 'read',
      operationId: 'getRobot',
      summary: 'The settings of the robot that count for a connection',
      input: { params },
      handle: async ({ params: { id } }, { scope }) => ok({ configuracao: await robot.read(id, scope) }),
    }),
    route({
      ...facts,
      method: 'post',
      access: 'manage',
      operationId: 'setRobot',
      summary: 'Welcome, away and closing message, business hours; counts from the next message on',
      input: { params, body: robotBody },
      handle: async ({ params: { id }, body }, { scope }) => {
        const { autoResposta, boasVindas, ausencia, encerramento, horario, fuso, todas } = body;
        const settings = {
          ...{ todas, fuso, auto_resposta: autoResposta, horario_atendimento: horario },
          ...{ mensagem_boas_vindas: boasVindas, mensagem_ausencia: ausencia, mensagem_encerramento: encerramento },
        };
        return ok({ configuracao: await robot.write(id, settings, scope) });
      },
    }),
  ];
}
