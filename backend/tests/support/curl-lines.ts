import { spawnSync } from 'node:child_process';

/** One command of the documentation, as a reader would paste it. */
export interface Statement {
  /** `README.md:123` */
  at: string;
  text: string;
  /** Statuses besides 2xx that the comment above or beside it announces: "answers 409", "responde 409". */
  announced: string[];
}

const FENCE = /^\s*```(\w*)/;
const ANNOUNCED = /\b(?:answers|responde) (\d{3})\b/g;
/** For lines that need something that no demo has; the comment says what. */
const ELSEWHERE = /^\s*# (?:not against the demo|fora da demonstração):/;

/** Commands of all shell blocks of a page that have a curl line. Readers start at the top of a block, so all of it counts. */
export function statementsOf(name: string, page: string): Statement[] {
  return shellBlocks(page)
    .filter(({ lines }) => lines.some((line) => /\bcurl\b/.test(line)))
    .flatMap(({ start, lines }) => split(name, start, lines));
}

function shellBlocks(page: string): { start: number; lines: string[] }[] {
  const blocks: { start: number; lines: string[] }[] = [];
  let language: string | null = null;
  page.split('\n').forEach((line, index) => {
    const fence = FENCE.exec(line);
    if (fence) {
      language = language === null ? fence[1]! : null;
      if (/^(sh|bash|shell)$/.test(language ?? '')) blocks.push({ start: index + 2, lines: [] });
    } else if (/^(sh|bash|shell)$/.test(language ?? '')) blocks.at(-1)!.lines.push(line);
  });
  return blocks;
}

function split(name: string, start: number, lines: string[]): Statement[] {
  const statements: Statement[] = [];
  let comments: string[] = [];
  let open: string[] = [];
  lines.forEach((line, index) => {
    if (open.length === 0 && /^\s*(#|$)/.test(line)) return void comments.push(line);
    open.push(line);
    const text = open.join('\n');
    if (!isWhole(text)) return;
    const said = [...comments, text].join('\n');
    const announced = [...said.matchAll(ANNOUNCED)].map(([, status]) => status!);
    const at = `${name}:${start + index - open.length + 1}`;
    if (!comments.some((comment) => ELSEWHERE.test(comment))) statements.push({ at, text, announced });
    [open, comments] = [[], []];
  });
  if (open.length > 0) throw new Error(`${name}:${start}: a command has no end: ${open.join('\n')}`);
  return statements;
}

function isWhole(text: string): boolean {
  if (/[\\|]\s*$/.test(text)) return false;
  return !/['"(]/.test(text) || spawnSync('bash', ['-n'], { input: text }).status === 0;
}
