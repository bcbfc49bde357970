import type { GatewayConfig } from '../config/gateway-config.js';
import type { Journal } from '../journal/journal.js';
import type { Clock } from '../lib/clock.js';
import type { Log } from '../lib/log.js';
import type { StagedFiles } from '../media/staged-files.js';
import { MessageAcceptor } from '../outbound/accept-message.js';
import { NumberCheck } from '../outbound/number-check.js';
import { Recipients } from '../outbound/recipients.js';
import { Sender } from '../outbound/sender.js';
import { MediaUploads } from '../outbound/upload-media.js';
import type { ContatoTable } from '../supabase/contatos.js';
import { SendCounter } from './send-counter.js';

interface SendingPartsDeps {
  config: GatewayConfig;
  journal: Journal;
  /** Files that were accepted for sending. */
  outgoing: StagedFiles;
  /** The way to a connection, once it is there. */
  channelOf: ConstructorParameters<typeof MessageAcceptor>[0]['channelOf'];
  contatos: Pick<ContatoTable, 'find'>;
  clock: Clock;
  log: Log;
}

/** From the acceptance of a message to what becomes of it, and the figures of that. */
export function sendingParts({ config, journal, outgoing, channelOf, contatos, clock, log }: SendingPartsDeps) {
  const numbers = new NumberCheck({ journal, clock, log });
  const isContact = async (id: string, jids: string[]) => (await contatos.find(id, jids, null)) !== null;
  const recipients = new Recipients({ numbers, channelOf, isContact, log });
  const uploads = new MediaUploads({ journal, files: outgoing });
  const sender = new Sender({ journal, numbers, uploads, clock, log, ratePerMinute: config.sendRatePerMinute });
  const sends = new SendCounter();
  sender.events.on('accepted', () => sends.accepted());
  sender.events.on('sent', () => sends.sent());
  sender.events.on('failed', () => sends.failed());
  const acceptor = new MessageAcceptor({
    ...{ journal, numbers, recipients, clock, sender, channelOf },
    expiryMs: config.sendExpiryMs,
  });
  return { numbers, recipients, sender, sends, acceptor };
}
