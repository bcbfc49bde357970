import { createHash } from 'node:crypto';
import { decryptPollVote } from '@whiskeysockets/baileys';

/** A poll with its sealed votes, as `votos_pendentes` answers it. */
export interface PollVotes {
  id: string;
  /** The poll's message id: part of every vote's key. */
  whatsapp_id: string;
  /** `messageSecret`, `enquete.opcoes`, and the votes under `voto:<id>`. */
  dados: Record<string, unknown>;
  /** Addresses of whoever made the poll. */
  criador: string[] | null;
  /** Author of a vote (`eu`: this number) → their addresses. */
  eleitores: Record<string, string[]> | null;
  /** Author of a vote → their number, or LID while it is unknown: one person's addresses have one. */
  pessoas?: Record<string, string> | null;
}

/** What is written into `dados.enquete`. */
export interface PollCount {
  /** `eleitores`: numbers; `<digits>@lid` while a number is unknown. */
  votos: { opcao: string; votos: number; eleitores: string[] }[];
  /** Votes that nothing here can open: the poll's secret is unknown, or they were sealed for another address. */
  votosIlegiveis: number;
}

interface SealedVote {
  autor: string;
  em: string;
  encPayload: string;
  encIv: string;
}

/** Opens every vote of a poll and counts the last one of each voter; an empty one takes the vote back.
 *  @returns the count, and the keys that it has seen */
export function countVotes(poll: PollVotes): { count: PollCount; seen: string[] } {
  const sealed = Object.entries(poll.dados).filter(([key]) => key.startsWith('voto:')) as [string, SealedVote][];
  // Within a second the key decides: any order, but the same one every time.
  sealed.sort(([a, x], [b, y]) => (x.em === y.em ? (a < b ? -1 : 1) : x.em < y.em ? -1 : 1));
  const choices = new Map<string, string[]>();
  let votosIlegiveis = 0;
  for (const [, vote] of sealed) {
    const chosen = openVote(poll, vote);
    if (chosen === null) votosIlegiveis++;
    else choices.set(poll.pessoas?.[vote.autor] ?? vote.autor, chosen);
  }
  const votos = optionsOf(poll).map((opcao) => {
    const hash = sha256(opcao);
    const eleitores = [...choices].filter(([, chosen]) => chosen.includes(hash)).map(([pessoa]) => pessoa);
    return { opcao, votos: eleitores.length, eleitores };
  });
  return { count: { votos, votosIlegiveis }, seen: sealed.map(([key]) => key) };
}

/** Which of their addresses the two sides took is not said; only the right pair opens the seal. */
function openVote(poll: PollVotes, vote: SealedVote): string[] | null {
  const { messageSecret } = poll.dados;
  if (typeof messageSecret !== 'string' || !vote.encPayload || !vote.encIv) return null;
  const pollEncKey = Buffer.from(messageSecret, 'base64');
  const encPayload = Buffer.from(vote.encPayload, 'base64');
  const encIv = Buffer.from(vote.encIv, 'base64');
  for (const pollCreatorJid of poll.criador ?? []) {
    for (const voterJid of poll.eleitores?.[vote.autor] ?? []) {
      try {
        const context = { pollCreatorJid, pollMsgId: poll.whatsapp_id, pollEncKey, voterJid };
        const { selectedOptions } = decryptPollVote({ encPayload, encIv }, context);
        return (selectedOptions ?? []).map((hash) => Buffer.from(hash).toString('hex'));
      } catch {
        // AES-GCM refuses a wrong key: the next pair.
      }
    }
  }
  return null;
}

function optionsOf({ dados }: PollVotes): string[] {
  const { opcoes } = (dados['enquete'] ?? {}) as { opcoes?: unknown };
  return Array.isArray(opcoes) ? opcoes.map(String) : [];
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
