import { publicMensagem } from './public-dados.js';
import type { Page, Row } from './resources.js';

export type ExportFormat = 'json' | 'csv' | 'txt';

/** The atendimento, its first page of messages, and how the others are read. */
export interface ExportSource {
  atendimento: Row;
  first: Page;
  next: (cursor: string) => Promise<Page>;
}

interface Format {
  before(atendimento: Row): string;
  line(mensagem: Row, index: number): string;
  after: string;
}

/** Columns of the CSV, in their order. */
const COLUMNS = [
  ...['timestamp', 'remetente', 'tipo', 'subtipo', 'conteudo', 'status', 'erro', 'midia_nome', 'midia_tipo'],
  ...['resposta_a', 'editada_em', 'apagada_em', 'whatsapp_id', 'id'],
];

/** One page after the other, as it is read: memory holds one page however long the conversation is. An error in the
 *  middle ends the iteration by throwing, so that half an export never looks like a whole one. */
export async function* exportAtendimento(
  source: ExportSource,
  options: { format: ExportFormat; fuso: string },
): AsyncGenerator<string> {
  const format = FORMATS[options.format](options.fuso);
  yield format.before(source.atendimento);
  let index = 0;
  let page = source.first;
  for (;;) {
    yield page.data.map((row) => format.line(publicMensagem(row), index++)).join('');
    if (page.nextCursor === null) break;
    page = await source.next(page.nextCursor);
  }
  yield format.after;
}

const FORMATS: Record<ExportFormat, (fuso: string) => Format> = {
  json: () => ({
    before: (atendimento) => `{"success":true,"atendimento":${JSON.stringify(atendimento)},"mensagens":[`,
    line: (row, index) => `${index === 0 ? '' : ','}\n${JSON.stringify(row)}`,
    after: '\n]}\n',
  }),
  csv: () => ({
    // Without the mark Excel reads UTF-8 as Latin-1.
    before: () => `\uFEFF${COLUMNS.join(',')}\r\n`,
    line: (row) => `${COLUMNS.map((column) => csvCell(row[column])).join(',')}\r\n`,
    after: '',
  }),
  txt: (fuso) => {
    const time = new Intl.DateTimeFormat('pt-BR', { dateStyle: 'short', timeStyle: 'medium', timeZone: fuso });
    return {
      before: ({ nome_cliente, numero_cliente, status }) =>
        `Atendimento de ${String(nome_cliente ?? numero_cliente)} (${String(numero_cliente)}), ${String(status)}\n\n`,
      line: (row) => `[${time.format(new Date(String(row['timestamp'])))}] ${who(row)}: ${String(row['conteudo'])}\n`,
      after: '',
    };
  },
};

const WHO: Record<string, string> = { CLIENTE: 'Cliente', ATENDENTE: 'Atendente', SISTEMA: 'Sistema' };

function who(row: Row): string {
  return WHO[String(row['remetente'])] ?? String(row['remetente']);
}

/** What a spreadsheet may run as a formula: blanks and invisible marks before it are trimmed when the file is read, and the
 *  full-width forms are taken for the plain ones by Excel. */
const FORMULA = /^(?:[\t\r\n]|[\s\p{Z}\p{Cf}\p{Cc}]*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20])/u;

/** RFC 4180. What would be a formula gets an apostrophe in front, as OWASP ("CSV Injection") advises. */
export function csvCell(value: unknown): string {
  if (value === null || value === undefined) return '';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const safe = FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n']/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
