import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/** Where strings are in WhatsApp's protobuf types, read off the definition that the pinned Baileys is made from. */

interface ProtoField {
  name: string;
  type: string;
  repeated: boolean;
}

const FIELD = /^(optional|repeated|required)?\s*([\w.]+) (\w+) = \d+/;

/** `Message.ImageMessage` → its fields. */
function readDefinition(text: string): Map<string, ProtoField[]> {
  const types = new Map<string, ProtoField[]>();
  const open: { kind: string; name: string }[] = [];
  for (const line of text.split('\n').map((each) => each.trim())) {
    const block = /^(message|enum|oneof) (\w+) \{/.exec(line);
    const messages = () => open.filter(({ kind }) => kind === 'message').map(({ name }) => name);
    if (block) {
      open.push({ kind: block[1]!, name: block[2]! });
      if (block[1] === 'message') types.set(messages().join('.'), []);
      if (!line.endsWith('}')) continue;
    }
    if (line.endsWith('}')) {
      open.pop();
      continue;
    }
    const [, label, type, name] = FIELD.exec(line) ?? [];
    if (type && name && open.at(-1)?.kind !== 'enum') {
      types.get(messages().join('.'))?.push({ name, type, repeated: label === 'repeated' });
    }
  }
  return types;
}

const require = createRequire(import.meta.url);
const TYPES = readDefinition(readFileSync(require.resolve('@whiskeysockets/baileys/WAProto/WAProto.proto'), 'utf8'));
const MAX_DEPTH = 5;

/** As protobuf resolves a name: from the innermost type outwards. */
function resolve(type: string, within: string): string | null {
  for (let scope = within; ; scope = scope.includes('.') ? scope.slice(0, scope.lastIndexOf('.')) : '') {
    const full = scope === '' ? type : `${scope}.${type}`;
    if (TYPES.has(full)) return full;
    if (scope === '') return null;
  }
}

/** A value inside a message, by the names that lead to it; `[]` marks a list. */
export type ProtoPath = readonly string[];

/** Every string of a type, messages inside messages left out. @param skip names of fields that are not entered */
export function stringPaths(type: string, skip: readonly string[] = []): ProtoPath[] {
  return paths(type, skip, 0)
    .filter(({ isString }) => isString)
    .map(({ path }) => path);
}

/** Every list of a type, messages inside messages left out; the paths end with `[]`. */
export function listPaths(type: string, skip: readonly string[] = []): ProtoPath[] {
  return paths(type, skip, 0)
    .filter(({ path }) => path.at(-1) === '[]')
    .map(({ path }) => path);
}

interface Found {
  path: ProtoPath;
  isString: boolean;
}

function paths(type: string, skip: readonly string[], depth: number): Found[] {
  const fields = (TYPES.get(type) ?? []).filter(({ name }) => !skip.includes(name));
  return fields.flatMap(({ name, type: ofField, repeated }): Found[] => {
    const step = repeated ? [name, '[]'] : [name];
    const own = { path: step, isString: ofField === 'string' };
    const inner = resolve(ofField, type);
    if (inner === null || inner === 'Message' || depth >= MAX_DEPTH) return [own];
    const below = paths(inner, skip, depth + 1).map((found) => ({ ...found, path: [...step, ...found.path] }));
    return [own, ...below];
  });
}

/** The object that has `value` at `path` and nothing else; `items` of it where the path ends with a list. */
export function withValue([step, ...rest]: ProtoPath, value: unknown, items = 1): unknown {
  if (step === undefined) return value;
  if (step === '[]') return Array.from({ length: rest.length === 0 ? items : 1 }, () => withValue(rest, value, items));
  return { [step]: withValue(rest, value, items) };
}
