type Row = Record<string, unknown>;

const MAX_WIDTH = 34;

/** A table with the chosen columns, as wide as its contents need. */
export function renderTable(rows: Row[], columns: string[]): string {
  const cells = rows.map((row) => columns.map((column) => cell(row[column])));
  const widths = columns.map((column, index) => Math.max(column.length, ...cells.map((line) => line[index]!.length)));
  const line = (values: string[]) => '  ' + values.map((value, index) => value.padEnd(widths[index]!)).join('  ');
  const rule = widths.map((width) => '─'.repeat(width));
  return [line(columns), line(rule), ...cells.map(line)].join('\n');
}

function cell(value: unknown): string {
  if (value === null || value === undefined) return '–';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > MAX_WIDTH ? `${text.slice(0, MAX_WIDTH - 1)}…` : text;
}
