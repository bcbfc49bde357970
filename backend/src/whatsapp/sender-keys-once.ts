import type { SocketConfig } from '@whiskeysockets/baileys';

type SignalRepository = ReturnType<SocketConfig['makeSignalRepository']>;
type Distribution = Parameters<SignalRepository['processSenderKeyDistributionMessage']>[0];

/**
 * Baileys decodes every stanza a second time when it is handed over (DurableReceive, step 2). A group's sender key must not
 * be set back by that, so each distribution is processed the first time and passed over the second.
 */
export class SenderKeysOnce {
  /** Those that step 1 processed and step 2 has not met yet. */
  readonly #distributed = new Set<string>();

  async process(options: Distribution, base: SignalRepository): Promise<void> {
    const bytes = options.item.axolotlSenderKeyDistributionMessage;
    const id = `${options.authorJid} ${options.item.groupId} ${bytes ? Buffer.from(bytes).toString('base64') : ''}`;
    if (this.#distributed.delete(id)) return;
    this.#distributed.add(id);
    await base.processSenderKeyDistributionMessage(options);
  }
}
