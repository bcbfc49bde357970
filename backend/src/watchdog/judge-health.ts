import { ESTADO_TABLE, type Estado } from '../whatsapp/estado.js';

export type HealthStatus = 'healthy' | 'unhealthy' | 'disconnected' | 'error';

/**
 * The one judgement of a connection, from which every figure derives: the health check's line and metric, the report, the
 * self test and a user's instance. Healthy is only what is logged in and works; nothing wrong with what is not there is
 * not health.
 * @param problems names of failing probes
 */
export function judgeHealth(estado: Estado, problems: readonly string[]): HealthStatus {
  if (estado === 'ready') return problems.length === 0 ? 'healthy' : 'unhealthy';
  return ESTADO_TABLE[estado].session === 'error' ? 'error' : 'disconnected';
}
