// What machine, what commit, what day: without these a figure says nothing.
import { execFileSync } from 'node:child_process';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { root } from './server-process.ts';

export function machineFacts(): string {
  const [first] = cpus();
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  const load = loadavg()[0]!.toFixed(1);
  return `${cpus().length} x ${first?.model.trim()}, ${memory}, Linux ${release()}, Node ${process.version}, load ${load} at the start`;
}

/** `2026-11-24, commit 1234567`, and whether the sources differ from it. */
export function provenance(): string {
  const git = (...args: string[]) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
  const changed = git('status', '--porcelain', '--untracked-files=no', '--', 'src', 'bin', 'package.json') !== '';
  const date = new Date().toISOString().slice(0, 10);
  return `${date}, commit ${git('rev-parse', '--short', 'HEAD')}${changed ? ' with changes that are not committed' : ''}`;
}
