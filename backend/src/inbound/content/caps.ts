/**
 * How many of each list in a message are read. A phone shows or sends fewer; more only costs whoever reads the row, the
 * event or the WebSocket, and one message of a stranger must not cost everybody else's time.
 * What is left out is counted in `dados.cortes`, so that nobody takes the rest for all of it.
 */
export const CAPS = {
  /** Cards of one message; WhatsApp itself sends up to 257. */
  contatos: 257,
  /** Phone numbers and e-mail addresses of one card. */
  numeros: 20,
  emails: 20,
  /** Buttons, also those of templates and native flows. */
  botoes: 50,
  /** Rows of a list, all sections together. */
  opcoes: 200,
  /** Products of a list, all sections together. */
  produtos: 200,
  /** Cards of a carousel. */
  cartoes: 30,
  /** Options of a poll, or of its result; WhatsApp has 12. */
  opcoesEnquete: 100,
  /** People named in a text: as many as a group may have. */
  mencoes: 1_024,
  mencoesGrupo: 100,
  /** Participants of a call or of a change of a group. */
  participantes: 1_024,
  /** Fields of a template. */
  campos: 100,
  /** Parts of an AI's answer. */
  partes: 100,
} as const;

export type Capped = keyof typeof CAPS;

/** `dados.cortes`: of each list that was too long, how many were kept and how many there were. */
export type CutFacts = Partial<Record<Capped, { mantidos: number; total: number }>>;

/** Caps the lists of one message and remembers what that has cost. */
export class Cuts {
  readonly #cuts: CutFacts = {};

  /** The first items of a list, as many as {@link CAPS} allows. */
  take<T>(name: Capped, list: readonly T[] | null | undefined): T[] {
    return this.takeOf(name, [list]);
  }

  /** The first items of lists that count together, such as the rows of a list's sections. */
  takeOf<T>(name: Capped, lists: Iterable<readonly T[] | null | undefined>): T[] {
    const kept: T[] = [];
    let total = 0;
    for (const list of lists) {
      if (!list) continue;
      total += list.length;
      const room = CAPS[name] - kept.length;
      if (room > 0) kept.push(...list.slice(0, room));
    }
    if (total > kept.length) this.#add(name, kept.length, total);
    return kept;
  }

  /** For `dados`: `{ cortes }`, or nothing when all was kept. */
  facts(): { cortes?: CutFacts } {
    return Object.keys(this.#cuts).length > 0 ? { cortes: this.#cuts } : {};
  }

  #add(name: Capped, mantidos: number, total: number): void {
    const before = this.#cuts[name] ?? { mantidos: 0, total: 0 };
    this.#cuts[name] = { mantidos: before.mantidos + mantidos, total: before.total + total };
  }
}
