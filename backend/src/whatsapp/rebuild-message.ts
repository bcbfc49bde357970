import { decryptMessageNode, type SignalRepositoryWithLIDStore, type WAMessage } from '@whiskeysockets/baileys';
import type { StanzaEntry, StanzaPart } from '../journal/records.js';

/** Baileys logs every replayed failure at error level; the journal told about it when it happened. */
const quiet = {
  level: 'silent',
  child: () => quiet,
  trace: () => undefined,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/**
 * The message as Baileys built it when the stanza came in: its own `decryptMessageNode` over the stored node, with the
 * stored plaintexts in place of Signal. Pure: no session, no key and no mapping is touched.
 * `cleanMessage` is left to the caller: it turns reaction and vote keys to our perspective and forgets who said what,
 * which the projection must know (target.ts).
 * @throws what Baileys throws for a stanza it cannot place (no id, no sender, a foreign `recipient`)
 */
export async function rebuildMessage(entry: Pick<StanzaEntry, 'node' | 'parts' | 'me'>): Promise<WAMessage> {
  const repository = replayRepository(entry.parts);
  const opened = decryptMessageNode(entry.node, entry.me.id, entry.me.lid ?? '', repository, quiet);
  await opened.decrypt();
  return opened.fullMessage;
}

/** The few calls that `decryptMessageNode` makes (Utils/decode-wa-message.js), answered from the entry. */
function replayRepository(parts: StanzaPart[]): SignalRepositoryWithLIDStore {
  const replay = (digest: Uint8Array) => Promise.resolve(plaintextOf(parts, digest));
  return {
    decryptMessage: ({ ciphertext }: { ciphertext: Uint8Array }) => replay(ciphertext),
    decryptGroupMessage: ({ msg }: { msg: Uint8Array }) => replay(msg),
    processSenderKeyDistributionMessage: () => Promise.resolve(),
    lidMapping: { getLIDForPN: () => Promise.resolve(null), storeLIDPNMappings: () => Promise.resolve() },
    migrateSession: () => Promise.resolve(),
  } as unknown as SignalRepositoryWithLIDStore;
}

function plaintextOf(parts: StanzaPart[], digest: Uint8Array): Uint8Array {
  const part = parts.find((candidate) => Buffer.compare(candidate.sha256, digest) === 0);
  if (part?.plaintext) return part.plaintext;
  throw new Error(part?.error ?? 'this part has no stored outcome');
}
