import type { Random } from '../crash/random.js';

/** As much of JSON Schema as our OpenAPI document uses. */
export interface JsonSchema {
  $ref?: string;
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  format?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  items?: JsonSchema;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  allOf?: JsonSchema[];
}

/** Texts that have broken programs before. */
const NASTY = [
  ...['', ' ', '..', '%00', '\0', '\u202e', '\ud800', '__proto__', 'constructor', "' or 1=1--", '),or(id.not.is.null'],
  ...['null', 'true', '-1', '1e309', '9007199254740993', '2026-02-30T25:61:00Z', '*', '{}', 'x'.repeat(5000)],
];
const JUNK: unknown[] = [null, true, -1, 1e308, 0.5, [], {}, [[[]]], { toString: 1 }, ...NASTY];

/** Makes values of a schema, and now and then one that is none. */
export class SchemaValues {
  constructor(
    private readonly deps: { random: Random; schemas: Record<string, JsonSchema>; words: readonly string[] },
  ) {}

  /** A value that mostly fits; the rest is junk, missing or one too many. */
  of(schema: JsonSchema, depth = 0): unknown {
    const { random } = this.deps;
    if (random.chance(0.06)) return random.pick(JUNK);
    const resolved = this.#resolve(schema);
    if (resolved.const !== undefined) return resolved.const;
    if (resolved.enum) return random.pick(resolved.enum);
    const choices = resolved.anyOf ?? resolved.oneOf;
    if (choices) return this.of(random.pick(choices), depth + 1);
    const type = Array.isArray(resolved.type) ? random.pick(resolved.type) : resolved.type;
    switch (type) {
      case 'object':
        return this.#object(resolved, depth);
      case 'array':
        return Array.from({ length: random.integer(0, 4) }, () => this.of(resolved.items ?? {}, depth + 1));
      case 'integer':
      case 'number':
        return random.pick([resolved.minimum ?? 0, resolved.maximum ?? 100, 1, 50, 2 ** 31]);
      case 'boolean':
        return random.chance(0.5);
      case 'null':
        return null;
      case 'string':
        return this.text();
      default:
        return random.pick(JUNK);
    }
  }

  /** Something that is there, something that could be, or something nasty. */
  text(): string {
    const { random, words } = this.deps;
    return random.chance(0.7) ? random.pick(words) : random.pick(NASTY);
  }

  #object(schema: JsonSchema, depth: number): Record<string, unknown> {
    const { random } = this.deps;
    const entries = Object.entries(schema.properties ?? {})
      .filter(([name]) => random.chance(schema.required?.includes(name) ? 0.95 : 0.4))
      .map(([name, inner]) => [name, depth > 4 ? null : this.of(inner, depth + 1)] as const);
    return Object.fromEntries([
      ...entries,
      ...(random.chance(0.1) ? [[random.pick(NASTY), this.text()] as const] : []),
    ]);
  }

  #resolve(schema: JsonSchema): JsonSchema {
    const name = schema.$ref?.split('/').at(-1);
    const found = name === undefined ? schema : (this.deps.schemas[name] ?? {});
    return (found.allOf ?? []).reduce<JsonSchema>((all, part) => ({ ...this.#resolve(part), ...all }), found);
  }
}
