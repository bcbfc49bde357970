import { z } from 'zod';
import { GatewayError, type ErrorCode } from '../lib/errors.js';
import type { Parsed, RawInput, RouteInput } from './route.js';

type Issue = z.core.$ZodIssue;
/** Field (`body.type`) → kind of issue (`invalid_value`) → the code that callers branch on. */
export type IssueCodes = Record<string, Partial<Record<Issue['code'], ErrorCode>>>;

/** A field that is wrong, and how to make it right. Never the value: it may be a secret or a message. */
export interface FieldProblem {
  field: string;
  problem: string;
}

/**
 * Checks every part of a request that a route reads.
 * @throws GatewayError `BAD_REQUEST` (or what `issueCodes` names) with `details: FieldProblem[]`
 */
export function parseInput<I extends RouteInput>(
  spec: { input: I; issueCodes?: IssueCodes },
  raw: RawInput,
): Parsed<I> {
  const result = schemaOf(spec.input).safeParse(raw);
  if (result.success) return result.data as Parsed<I>;
  const { issues } = result.error;
  const details = withoutRepetitions(issues.flatMap(toProblems));
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

const fieldOf = (issue: Issue) => issue.path.map(String).join('.');

function codeOf(issue: Issue, codes: IssueCodes = {}): ErrorCode | undefined {
  return codes[fieldOf(issue)]?.[issue.code];
}

function toProblems(issue: Issue): FieldProblem[] {
  const field = fieldOf(issue);
  const problem = problemOf(issue);
  const fields = issue.code === 'unrecognized_keys' ? issue.keys.map((key) => `${field}.${key}`) : [field];
  return fields.map((each) => ({ field: each, problem }));
}

/** A schema can say it better with its own message, if that begins with "must". */
function problemOf(issue: Issue): string {
  return issue.message.startsWith('must') ? issue.message : sentence(issue);
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
