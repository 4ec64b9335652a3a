// The runner: `script/bench [--write] [name…]` measures, prints, and on --write puts the figures into docs/benchmarks.md.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { apiCalls } from './api-calls.ts';
import type { Bench } from './bench.ts';
import { footprint } from './footprint.ts';
import { machineFacts, provenance } from './machine.ts';
import { sectionText, withSection } from './page.ts';
import { registry } from './registry.ts';
import { root } from './server-process.ts';
import { start } from './start.ts';

const benches: readonly Bench[] = [apiCalls, registry, footprint, start];

const write = process.argv.includes('--write');
const names = process.argv.slice(2).filter((argument) => argument !== '--write');
const unknown = names.find((name) => !benches.some((bench) => bench.name === name));
if (unknown !== undefined) {
  process.stderr.write(`bench: no bench is called ${unknown}: ${benches.map(({ name }) => name).join(', ')}\n`);
  process.exit(2);
}

for (const bench of benches.filter(({ name }) => names.length === 0 || names.includes(name))) {
  const facts = [provenance(), machineFacts()];
  process.stdout.write(`\n# ${bench.name}: ${facts.join('; ')}\n`);
  const tables = await bench.run((line) => process.stdout.write(`  ${line}\n`));
  const section = sectionText(tables, facts);
  process.stdout.write(`\n${section}`);
  if (write) writePage(bench.name, section);
}

function writePage(name: string, section: string): void {
  const page = join(root, 'docs/benchmarks.md');
  writeFileSync(page, withSection(readFileSync(page, 'utf8'), name, section));
  execFileSync(join(root, 'node_modules/.bin/oxfmt'), [page]);
}
