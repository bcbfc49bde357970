/** What only the gateway needs: the secret that votes and edits are sealed with, and raw plaintexts. */
const OWN = new Set(['messageSecret', 'bruto', 'cifradosPendentes']);

/** Under `<kind>:<id>` lies what is sealed (a vote, an edit): it is told when it has been opened. */
const SEALED = /^\w+:/;

/** The facts of a row's `dados` that webhooks and WebSockets are told; null when there are none. */
export function toldFacts(dados: Record<string, unknown> | null | undefined): Record<string, unknown> | null {
  const told = Object.entries(dados ?? {}).filter(([key]) => !OWN.has(key) && !SEALED.test(key));
  return told.length > 0 ? Object.fromEntries(told) : null;
}
