import {
  jidDecode,
  type LIDMapping,
  type SignalDataTypeMap,
  type SignalKeyStoreWithTransaction,
  type SocketConfig,
} from '@whiskeysockets/baileys';
import { mergeSessions, type SessionRecord } from './merge-sessions.js';
import type { SessionWriter } from './session-writer.js';

type SignalRepository = ReturnType<SocketConfig['makeSignalRepository']>;

export interface OnePersonOneSessionDeps {
  keys: SignalKeyStoreWithTransaction;
  sessions: SessionWriter;
  /** Baileys' own repository; its mapping store learns to move sessions along. */
  base: SignalRepository;
}

/**
 * A person's number and LID share one Signal session record, from the moment their mapping is known.
 *
 * Baileys 7.0.0-rc14 looks sessions up under the LID as soon as a mapping is stored (`lib/Signal/libsignal.js`,
 * resolveLIDSignalAddress), but moves them in a commit of its own, or not at all when the mapping came with a device list
 * (`lib/Socket/messages-send.js`, getUSyncDevices); and its move replaces what is under the LID. Each of these leaves
 * messages that nobody can read. Here mapping and move are one commit, and two records become one.
 */
export class OnePersonOneSession {
  constructor(private readonly deps: OnePersonOneSessionDeps) {
    const { lidMapping } = deps.base;
    const store = lidMapping.storeLIDPNMappings.bind(lidMapping);
    lidMapping.storeLIDPNMappings = async (pairs) => {
      const news = await this.#unknown(pairs.map(lidFirst));
      if (news.length === 0) return;
      await deps.keys.transaction(
        async () => {
          await store(news);
          for (const { pn, lid } of news) await this.migrate(pn, lid);
        },
        `learn ${news.map(({ lid }) => lid).join(' ')}`,
      );
    };
  }

  /** Moves the sessions of a number to its LID. */
  migrate(pn: string, lid: string): ReturnType<SignalRepository['migrateSession']> {
    const { keys, sessions, base } = this.deps;
    return sessions.write(keys, [pn, lid], async () => {
      await this.#merge(pn, lid);
      return base.migrateSession(pn, lid);
    });
  }

  async #unknown(pairs: LIDMapping[]): Promise<LIDMapping[]> {
    const users = pairs.map(({ pn }) => jidDecode(pn)?.user ?? '');
    const known = await this.deps.keys.get('lid-mapping', users);
    return pairs.filter(({ lid }, index) => known[users[index]!] !== jidDecode(lid)?.user);
  }

  /** Where there are records under both addresses, one of both under the LID. Where there is one, Baileys moves it. */
  async #merge(pn: string, lid: string): Promise<void> {
    const { keys } = this.deps;
    const pairs = await this.#addresses(pn, lid);
    const records = (await keys.get('session', pairs.flat())) as Record<string, unknown>;
    const changes: Record<string, SignalDataTypeMap['session'] | null> = {};
    for (const [from, to] of pairs) {
      const [moved, kept] = [records[from], records[to]];
      if (from === to || !moved || !kept) continue;
      changes[to] = mergeSessions(kept as SessionRecord, moved as SessionRecord) as never;
      changes[from] = null;
    }
    if (Object.keys(changes).length > 0) await keys.set({ session: changes });
  }

  /** The Signal addresses of all known devices, under the number and under the LID. */
  async #addresses(pn: string, lid: string): Promise<[string, string][]> {
    const { keys, base } = this.deps;
    const [from, to] = [jidDecode(pn), jidDecode(lid)];
    if (!from || !to) return [];
    const { [from.user]: listed } = await keys.get('device-list', [from.user]);
    const devices = new Set([...(listed ?? []), String(from.device ?? 0)]);
    return [...devices].map((device) => [
      base.jidToSignalProtocolAddress(`${from.user}:${device}@${from.server}`),
      base.jidToSignalProtocolAddress(`${to.user}:${device}@${to.server}`),
    ]);
  }
}

/** Baileys takes them either way round. */
function lidFirst({ lid, pn }: LIDMapping): LIDMapping {
  return jidDecode(pn)?.server === 'lid' ? { lid: pn, pn: lid } : { lid, pn };
}
