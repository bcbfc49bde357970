type Json = Record<string, unknown>;

/** A message's own fields, taken apart. */
export interface OriginalContent {
  /** Out of its ephemeral wrapper. */
  message: Json;
  /** Name of its content, such as `listResponseMessage`. */
  field: string;
  content: unknown;
  contextInfo: Json | null;
}

const MAX_WRAPPERS = 4;
/** Beside the content, and no content. */
const BESIDE = new Set(['messageContextInfo']);

/** @returns null when there is no content */
export function originalContent(original: Json | null | undefined): OriginalContent | null {
  let message = original;
  for (let depth = 0; depth < MAX_WRAPPERS; depth++) {
    const inner = child(child(message, 'ephemeralMessage'), 'message');
    if (!inner) break;
    message = inner;
  }
  const field = message && Object.keys(message).find((name) => !BESIDE.has(name));
  if (!message || !field) return null;
  return { message, field, content: message[field], contextInfo: contextOf(message[field], 0) };
}

/** What a message quoted in one reads as. */
export function textOf(message: Json | null): string {
  const { content } = originalContent(message) ?? {};
  if (typeof content === 'string') return content;
  const { text, caption, title, name } = isJson(content) ? content : {};
  return [text, caption, title, name].find((each): each is string => typeof each === 'string') ?? '';
}

/** Also inside `documentWithCaptionMessage`, `viewOnceMessage` …, which carry a message. */
function contextOf(content: unknown, depth: number): Json | null {
  if (!isJson(content) || depth >= MAX_WRAPPERS) return null;
  if (isJson(content['contextInfo'])) return content['contextInfo'];
  const inner = originalContent(child(content, 'message'));
  return inner && contextOf(inner.content, depth + 1);
}

export function child(value: unknown, name: string): Json | null {
  const found = isJson(value) ? value[name] : null;
  return isJson(found) ? found : null;
}

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
