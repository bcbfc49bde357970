import { expect } from '@jest/globals';

/** 64 KB : 16 KB (a little less, so that no reader cuts the last character off). A linear reader needs 4 times as much, a quadratic one 16 times. */
const MAX_RATIO = 8;
const TRIES = 5;

/** Whether `work` at four times the size takes some four times the processor's time: best of five, never a time itself. */
export async function expectLinear(
  name: string,
  work: (size: number) => void | Promise<void>,
  sizes: readonly [small: number, large: number] = [16_000, 64_000],
): Promise<void> {
  const ratios: number[] = [];
  while (ratios.length < TRIES) {
    const [small, large] = [await cpuOf(() => work(sizes[0])), await cpuOf(() => work(sizes[1]))];
    ratios.push(large / Math.max(1, small));
    if (ratios.at(-1)! <= MAX_RATIO) return;
  }
  expect({ reader: name, ratio: Math.min(...ratios) }).toEqual({ reader: name, ratio: `at most ${MAX_RATIO}` });
}

/** CPU time of this process meanwhile, in µs. */
async function cpuOf(work: () => void | Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

/** One of each class of characters that patterns tell apart; each is repeated to fill a text. */
const CLASSES = ['a', '0', '-', '.', ':', ';', '/', '\\', '@', '=', '{', ' ', '\n', '\0', '😀', '\ud83d'];
const MORE_CLASSES = [
  ...[
    '_',
    ',',
    '+',
    '?',
    '*',
    '"',
    '<',
    '(',
    '[',
    '}',
    '%',
    '#',
    '\t',
    '\r\n',
    '\n ',
    '\u007f',
    'é',
    '\u00a0',
    '\u200b',
  ],
  ...['{{', '\\n', ';a', 'a@', '1.', '://a'],
];

/** Texts of so many characters, one of each class, with a last character that most patterns reject. */
export function textsOf(size: number, classes: 'usual' | 'all' = 'all'): string[] {
  const units = classes === 'all' ? [...CLASSES, ...MORE_CLASSES] : CLASSES;
  return units.map((unit) => `${unit.repeat(Math.floor(size / unit.length))}!x`);
}
