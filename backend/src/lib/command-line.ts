import { parseArgs, type ParseArgsConfig } from 'node:util';

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

/** What the command line says, or the end of the process (64): what is not understood must not look as if it had been done. */
export function readCommandLine<O extends Options>(known: CommandLine<O>): Parsed<O> {
  try {
    return parseCommandLine(known, process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(EX_USAGE);
  }
}

/** @throws UsageError for unknown options, options without their value (or with one they do not take), and words too many */
export function parseCommandLine<O extends Options>(known: CommandLine<O>, args: string[]): Parsed<O> {
  const { options, words = 0, usage } = known;
  const refuse = (problem: string) =>
    new UsageError(`${problem}.\nUsage: ${usage.trim().replaceAll('\n', '\n       ')}`);
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
