import type { Route } from '../route.js';
import { chatRoutes } from './chat-routes.js';
import { instanceRoutes } from './instance-routes.js';
import { messageRoutes } from './message-routes.js';
import type { EvolutionPorts } from './port.js';
import { webhookRoutes } from './webhook-routes.js';

/**
 * The routes of Evolution API v2 (2.3.6) that its clients call most, so that n8n nodes and scripts work unchanged with the
 * header `apikey`. Each is another face of a use case of ours: nothing is sent, kept or forgotten in another way.
 */
export function evolutionRoutes(ports: EvolutionPorts): Route[] {
  return [...instanceRoutes(ports), ...messageRoutes(ports), ...chatRoutes(ports), ...webhookRoutes(ports)];
}
