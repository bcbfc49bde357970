import { jidDecode, type SocketConfig } from '@whiskeysockets/baileys';

/** The addresses that a stanza names its sender (`participant` in groups) by. */
interface NamedBy {
  remoteJid?: string | null;
  remoteJidAlt?: string | null;
  participant?: string | null;
  participantAlt?: string | null;
}

/** As Baileys' handleMessage does before it decrypts: both addresses of a person share one session. */
export async function learnMapping(
  { lidMapping }: Pick<ReturnType<SocketConfig['makeSignalRepository']>, 'lidMapping'>,
  key: NamedBy,
): Promise<void> {
  const alt = key.participantAlt || key.remoteJidAlt;
  const primary = key.participant || key.remoteJid;
  if (!alt || !primary) return;
  const [lid, pn] = jidDecode(alt)?.server === 'lid' ? [alt, primary] : [primary, alt];
  await lidMapping.storeLIDPNMappings([{ lid, pn }]);
}
