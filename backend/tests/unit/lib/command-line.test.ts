import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { parseCommandLine, plainAnswer, UsageError } from '../../../src/lib/command-line.js';
import { PACKAGE_DIR } from '../../../src/lib/package-dir.js';

const known = {
  options: { to: { type: 'string' }, force: { type: 'boolean' } },
  words: 1,
  usage: 'npm run copy -- <what> --to <where>',
} as const;

test('what is known is read', () => {
  const { values, positionals } = parseCommandLine(known, ['it', '--to=there', '--force']);
  expect([values.to, values.force, positionals]).toEqual(['there', true, ['it']]);
});

test.each([
  ['an unknown option', ['--where', 'x'], "Unknown option '--where'."],
  ['its short form', ['-t', 'x'], "Unknown option '-t'."],
  ['an option without its value', ['--to'], "Option '--to <value>' argument missing."],
  ['a value where none belongs', ['--force=yes'], "Option '--force' does not take an argument."],
  ['a word too many', ['it', 'that'], "Unexpected argument 'that'."],
])('%s is refused, with how it is meant', (_name, args, problem) => {
  const parse = () => parseCommandLine(known, args);
  expect(parse).toThrow(UsageError);
  expect(parse).toThrow(`${problem}\nUsage: npm run copy -- <what> --to <where>`);
});

test('a program that is called wrongly says so, ends with 64 and does nothing', () => {
  const args = ['--import', 'tsx', 'src/db-migrate.ts', '--dry-run'];
  // Should it do something after all, it finds no database.
  const env = { ...process.env, DATABASE_URL: 'postgres://nobody@127.0.0.1:9/none' };
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: PACKAGE_DIR, env, encoding: 'utf8' });
  expect({ status, stdout }).toEqual({ status: 64, stdout: '' });
  expect(stderr).toMatch(/^Unknown option '--dry-run'\.\nUsage: npm run db:migrate /);
});

test.each([
  ['--help', /^Usage: npm run db:migrate /],
  ['-h', /^Usage: npm run db:migrate /],
  ['--version', /^\d+\.\d+\.\d+\n$/],
])('%s is answered on standard output with 0, and nothing else is done', (option, expected) => {
  const args = ['--import', 'tsx', 'src/db-migrate.ts', option];
  const env = { ...process.env, DATABASE_URL: 'postgres://nobody@127.0.0.1:9/none', PORT: 'not read' };
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: PACKAGE_DIR, env, encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toMatch(expected);
});

test('what stands after `--` is no option', () => {
  expect(plainAnswer(known, ['--', '--help'])).toBeNull();
  expect(plainAnswer(known, ['it', '--help'])).toMatch(/^Usage: npm run copy/);
});

test('every program of package.json that runs from src reads its command line so', async () => {
  const { scripts } = JSON.parse(await readFile(`${PACKAGE_DIR}package.json`, 'utf8')) as { scripts: object };
  const programs = Object.values(scripts).flatMap((script: string) => /\bsrc\/[\w-]+\.ts$/.exec(script) ?? []);
  expect(programs.length).toBeGreaterThan(8);
  for (const program of programs) {
    expect([program, await readFile(`${PACKAGE_DIR}${program}`, 'utf8')]).toEqual([
      program,
      expect.stringContaining('readCommandLine({'),
    ]);
  }
});
