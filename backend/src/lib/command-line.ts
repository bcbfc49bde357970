import { parseArgs, type ParseArgsConfig } from 'node:util';
import { survivesClosedStreams } from './standard-streams.js';
import { VERSION } from './version.js';

type Options = NonNullable<ParseArgsConfig['options']>;
type Parsed<O extends Options> = ReturnType<typeof parseArgs<{ options: O; allowPositionals: true }>>;

/** sysexits.h: the command was called wrongly. */
const EX_USAGE = 64;

/** What a program may be told. */
export interface CommandLine<O extends Options> {
  options: O;
  /** How many words it takes beside its options; none unless given. */
  words?: number;
  /** How it is called, for whoever did it wrongly. */
  usage: string;
}

/** The command line says what the program does not know; the message ends with how it is called. */
export class UsageError extends Error {}

/**
 * Begins a program: what the command line says, or the end of the process. `--help` and `--version` answer on standard
 * output (0); what is not understood is refused (64), as it must not look as if it had been done.
 */
export function readCommandLine<O extends Options>(known: CommandLine<O>): Parsed<O> {
  survivesClosedStreams();
  const args = process.argv.slice(2);
  const answer = plainAnswer(known, args);
  if (answer !== null) endWith(process.stdout, answer, 0);
  try {
    return parseCommandLine(known, args);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return endWith(process.stderr, error.message, EX_USAGE);
  }
}

/** The answer to `--help` (`-h`) and `--version` (`-v`) wherever they stand, before anything else is looked at; null without them. */
export function plainAnswer({ usage }: Pick<CommandLine<Options>, 'usage'>, args: readonly string[]): string | null {
  const end = args.indexOf('--');
  const own = end < 0 ? args : args.slice(0, end);
  if (own.some((arg) => arg === '--help' || arg === '-h')) return usageText(usage);
  return own.some((arg) => arg === '--version' || arg === '-v') ? VERSION : null;
}

function endWith(stream: NodeJS.WriteStream, text: string, code: number): never {
  stream.write(`${text}\n`);
  process.exit(code);
}

function usageText(usage: string): string {
  return `Usage: ${usage.trim().replaceAll('\n', '\n       ')}`;
}

/** @throws UsageError for unknown options, options without their value (or with one they do not take), and words too many */
export function parseCommandLine<O extends Options>(known: CommandLine<O>, args: string[]): Parsed<O> {
  const { options, words = 0, usage } = known;
  const refuse = (problem: string) => new UsageError(`${problem}.\n${usageText(usage)}`);
  const parsed = parse({ options, args, allowPositionals: true }, refuse);
  const tooMany = parsed.positionals[words];
  if (tooMany !== undefined) throw refuse(`Unexpected argument '${tooMany}'`);
  return parsed;
}

function parse<C extends ParseArgsConfig>(
  config: C,
  refuse: (problem: string) => Error,
): ReturnType<typeof parseArgs<C>> {
  try {
    return parseArgs(config);
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    if (!code?.startsWith('ERR_PARSE_ARGS')) throw error;
    // Node goes on with advice on words that begin with a dash, which helps nobody here.
    throw refuse(message.split('. To specify', 1).join());
  }
}
