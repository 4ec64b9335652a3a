// docs/benchmarks.md: the figures between the markers of a bench, put there by the runner.
import type { Table } from './bench.ts';

export function sectionText(tables: readonly Table[], facts: readonly string[]): string {
  return [...facts.map((fact) => `_${fact}_\n`), ...tables.map(tableText)].join('\n');
}

function tableText({ title, head, rows, remarks = [] }: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const table = [line(head), line(head.map((_, index) => (index === 0 ? '---' : '---:'))), ...rows.map(line)];
  return [`### ${title}`, '', ...table, '', ...remarks.map((remark) => `${remark}\n`)].join('\n');
}

/** The page with the bench's section replaced. Throws where the page has no markers for it. */
export function withSection(page: string, bench: string, section: string): string {
  const [opening, closing] = [`<!-- bench: ${bench} -->`, `<!-- end of bench: ${bench} -->`];
  const start = page.indexOf(opening);
  const end = page.indexOf(closing);
  if (start < 0 || end < start) throw new Error(`docs/benchmarks.md has no markers for ${bench}`);
  return `${page.slice(0, start + opening.length)}\n\n${section}\n${page.slice(end)}`;
}
