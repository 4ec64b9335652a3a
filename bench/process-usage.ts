// Memory and processor time of a process, from /proc (proc(5)).
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { systemClock } from '#kernel/clock.ts';

const ticksPerSecond = 100; // USER_HZ, the same on every Linux that we support

/** Bytes. */
export interface Memory {
  /** Resident, including pages of files (Node's own binary) that other processes share. */
  readonly resident: number;
  /** The same with each shared page divided among those who share it; undefined where /proc does not let us see it. */
  readonly proportional: number | undefined;
  /** Resident pages that belong to no file: heap, stacks, buffers. */
  readonly anonymous: number;
}

export function memoryOf(pid: number): Memory {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return { resident: kib(status, 'VmRSS'), anonymous: kib(status, 'RssAnon'), proportional: proportionalOf(pid) };
}

function proportionalOf(pid: number): number | undefined {
  try {
    return kib(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'), 'Pss');
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'EACCES') return undefined;
    throw thrown;
  }
}

/** Resident memory at its highest since the start, or since `forgetPeak`; bytes. */
export function peakOf(pid: number): number {
  return kib(readFileSync(`/proc/${pid}/status`, 'utf8'), 'VmHWM');
}

export function forgetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
}

function kib(text: string, name: string): number {
  const found = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1];
  if (found === undefined) throw new Error(`/proc says nothing of ${name}`);
  return Number(found) * 1024;
}

/** Seconds of processor time that the process has used so far, in user and kernel mode together. */
export function processorSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name in parentheses may hold anything; after it the third field follows.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

/** Percent of one core that each process used over the next `seconds`. */
export async function usageOver(seconds: number, pids: readonly number[]): Promise<number[]> {
  const before = pids.map(processorSeconds);
  const start = performance.now();
  await systemClock.sleep(seconds * 1000);
  const elapsed = (performance.now() - start) / 1000;
  return pids.map((pid, index) => ((processorSeconds(pid) - before[index]!) / elapsed) * 100);
}

/** The process whose command is called `name`, the oldest of several. */
export function findProcess(name: string): number | undefined {
  const pids = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry));
  return pids.map(Number).find((pid) => commandOf(pid) === name);
}

function commandOf(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    return undefined; // It has ended meanwhile.
  }
}
