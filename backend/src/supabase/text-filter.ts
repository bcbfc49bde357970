/**
 * Renders texts of callers as the value of an `in` filter on a text column. After `eq` the local API reads `true`, `null` and
 * `not_null` as keywords (`at` in @supabase/lite); quoted in a list they are texts there and in PostgREST.
 */
export function oneOfTexts(...texts: readonly string[]): string {
  return `(${texts.map((text) => `"${text.replace(/["\\]/g, '\\$&')}"`).join(',')})`;
}
