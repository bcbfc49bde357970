import type { Clock } from '../lib/clock.js';
import type { Log } from '../lib/log.js';
import type { TypedEmitter } from '../lib/typed-emitter.js';
import type { GatewayEvents } from '../notifications/gateway-events.js';
import type { HealthNews } from './health-monitor.js';
import { GATEWAY, StepLog } from './step-log.js';

type Told = Exclude<HealthNews, null>;

const HEALTH_TEXTS: Record<Told, string> = {
  alert: 'A conexão não está saudável.',
  reconnect: 'A conexão continua sem funcionar; o gateway tenta de novo. Você pode reconectar agora.',
  stuck: 'A conexão não voltou sozinha: reconecte agora.',
  recovered: 'Conexão recuperada.',
};

/** How the watchdog says what it did and what it found: each step on record with its reasons, each alert to people. */
export class WatchdogNews {
  readonly steps = new StepLog();

  constructor(private readonly deps: { clock: Clock; log: Log; events: TypedEmitter<GatewayEvents> }) {}

  /** @param about a connection, or `GATEWAY` */
  record(about: string, step: string, reasons: string[]): void {
    this.steps.add(about, { at: this.deps.clock.now(), step, reasons });
    this.deps.log.warn('watchdog step', { about, step, reasons });
    this.deps.events.emit('watchdogStep', { connectionId: about === GATEWAY ? null : about, step, reasons });
  }

  /** @param message for people, in Portuguese */
  alert(severity: 'warning' | 'critical', code: string, message: string, connectionId?: string): void {
    this.deps.events.emit('alert', { severity, code, message, ...(connectionId && { connectionId }) });
  }

  /** What the health monitor made of a check. @param step what was done about it */
  health(connectionId: string, news: Told, step: string, problems: string[]): void {
    this.record(connectionId, step, problems);
    const code = news === 'recovered' ? 'CONNECTION_RECOVERED' : 'CONNECTION_UNHEALTHY';
    this.alert('warning', code, [HEALTH_TEXTS[news], ...problems].join(' '), connectionId);
  }
}
