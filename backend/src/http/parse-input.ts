import { z } from 'zod';
import { GatewayError, type ErrorCode } from '../lib/errors.js';
import type { Access, Parsed, RawInput, RouteInput } from './route.js';
import { likelyField, unknownFields, type UnknownField } from './unknown-fields.js';

type Issue = z.core.$ZodIssue;
/** Field (`body.type`) → kind of issue (`invalid_value`) → the code that callers branch on. */
export type IssueCodes = Record<string, Partial<Record<Issue['code'], ErrorCode>>>;

/** A field that is wrong, and how to make it right. Never the value: it may be a secret or a message. */
export interface FieldProblem {
  field: string;
  problem: string;
}

/** What a route says about its input; see `Route`. */
export interface InputSpec<I extends RouteInput> {
  input: I;
  access?: Access;
  issueCodes?: IssueCodes;
  aliases?: Record<string, string>;
  unknownFields?: 'ignored';
}

/**
 * Checks every part of a request that a route reads.
 * @throws GatewayError `BAD_REQUEST` (or what `issueCodes` names) with `details: FieldProblem[]`
 */
export function parseInput<I extends RouteInput>(spec: InputSpec<I>, given: RawInput): Parsed<I> {
  const raw = spec.aliases ? { ...given, body: withoutAliases(given.body, spec.aliases) } : given;
  const result = schemaOf(spec.input).safeParse(raw);
  const unknown = spec.unknownFields === 'ignored' ? [] : unknownProblems(spec, raw);
  if (result.success && unknown.length === 0) return result.data as Parsed<I>;
  const issues = result.success ? [] : result.error.issues;
  const known = issues.filter((issue) => !isNamedAlready(issue, unknown));
  const details = withoutRepetitions([...known.flatMap((issue) => toProblems(issue, raw)), ...unknown]);
  const code = issues.map((issue) => codeOf(issue, spec.issueCodes)).find(Boolean) ?? 'BAD_REQUEST';
  const text = details.map(({ field, problem }) => `${field} ${problem}`).join('; ');
  throw new GatewayError(code, text, { details });
}

const schemas = new WeakMap<RouteInput, z.ZodObject>();

/** One for each route: zod compiles a schema when it first parses, which costs more than the parsing. */
function schemaOf(input: RouteInput): z.ZodObject {
  const known = schemas.get(input) ?? z.object(Object.fromEntries<z.ZodObject>(Object.entries(input)));
  schemas.set(input, known);
  return known;
}

/**
 * Fields that nobody reads. Parameters of public routes are left alone: monitors and links add their own.
 * A body where none is taken is one, too.
 */
function unknownProblems<I extends RouteInput>({ input, access }: InputSpec<I>, raw: RawInput): FieldProblem[] {
  const query = access === 'public' ? null : (input.query ?? (access === 'docs' ? null : NOTHING));
  return [
    ...(query ? unknownFields(query, raw.query, ['query']) : []),
    ...unknownFields(input.body ?? NOTHING, raw.body, ['body']),
  ].map(unknownProblem);
}

const NOTHING = z.object({});

function unknownProblem(found: UnknownField): FieldProblem {
  const field = found.path.join('.');
  const likely = likelyField(found);
  if (likely !== null)
    return { field, problem: `must be left out: there is no such field, did you mean \`${likely}\`?` };
  return { field, problem: `must be left out: this route has no such field` };
}

/** A strict schema says the same without a likely field; its own sentence is kept when it has one. */
function isNamedAlready(issue: Issue, unknown: FieldProblem[]): boolean {
  return issue.code === 'unrecognized_keys' && unknown.length > 0 && !isSentence(issue.message);
}

/** Habitual names of fields, put where they belong when the field itself is absent and a text is given. */
function withoutAliases(body: unknown, aliases: Record<string, string>): unknown {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return body;
  const fields: Record<string, unknown> = { ...body };
  for (const [alias, field] of Object.entries(aliases)) {
    if (typeof fields[alias] !== 'string' || fields[field] !== undefined) continue;
    fields[field] = fields[alias];
    delete fields[alias];
  }
  return fields;
}

const fieldOf = (issue: Issue) => issue.path.map(String).join('.');

function codeOf(issue: Issue, codes: IssueCodes = {}): ErrorCode | undefined {
  return codes[fieldOf(issue)]?.[issue.code];
}

function toProblems(issue: Issue, raw: RawInput): FieldProblem[] {
  const field = fieldOf(issue);
  const problem = isMissing(issue, raw) ? 'is missing' : problemOf(issue);
  const fields = issue.code === 'unrecognized_keys' ? issue.keys.map((key) => `${field}.${key}`) : [field];
  return fields.map((each) => ({ field: each, problem }));
}

const ABSENT: ReadonlySet<Issue['code']> = new Set(['invalid_type', 'invalid_value', 'invalid_union']);

/** A field that is not there at all; of a body as a whole the sentence says more. */
function isMissing(issue: Issue, raw: RawInput): boolean {
  if (!ABSENT.has(issue.code) || issue.path.length < 2) return false;
  return (
    issue.path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key], raw) ===
    undefined
  );
}

const isSentence = (message: string) => /^(?:must|is missing)\b/.test(message);

/** A schema can say it better with its own message, if that begins with "must" or "is missing". */
function problemOf(issue: Issue): string {
  return isSentence(issue.message) ? issue.message : sentence(issue);
}

/** Two rules of one field may say the same: that it is empty, for one. */
function withoutRepetitions(problems: FieldProblem[]): FieldProblem[] {
  return [...new Map(problems.map((each) => [`${each.field} ${each.problem}`, each])).values()];
}

function sentence(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.path.at(-1) === 'body'
        ? 'must be a JSON object'
        : `must be ${article(issue.expected)} ${issue.expected}`;
    case 'invalid_value':
      return `must be one of: ${issue.values.map(String).join(', ')}`;
    case 'too_small':
      return `${verb(issue.origin)} at least ${issue.minimum}${unit(issue.origin)}`;
    case 'too_big':
      return `${verb(issue.origin)} at most ${issue.maximum}${unit(issue.origin)}`;
    case 'unrecognized_keys':
      return 'must be left out: this route has no such field';
    case 'invalid_format':
      return FORMATS[issue.format] ?? `must match ${issue.pattern ?? issue.format}`;
    case 'invalid_key':
      return issue.issues.map(problemOf)[0] ?? 'must be valid';
    default:
      return 'must be valid';
  }
}

/** In words, what its pattern says in a line of brackets. */
const FORMATS: Record<string, string> = {
  guid: 'must be a UUID',
  datetime: 'must be a time in ISO 8601 with its zone, such as 2026-11-21T10:00:00Z',
};
const article = (noun: string) => (/^[aeio]/.test(noun) ? 'an' : 'a');
/** What has no length is counted itself: a number, a time. */
const UNITS: Record<string, string> = { array: ' entries', string: ' characters' };
const unit = (origin: string) => UNITS[origin] ?? '';
const verb = (origin: string) => (origin in UNITS ? 'must have' : 'must be');
