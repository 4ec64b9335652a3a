// Many worlds at once: spreads seeds over threads and gathers those that failed.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Outcome } from './scenario-tasks.ts';

export interface FleetReport {
  readonly worlds: number;
  /** Those that did not hold, by seed. */
  readonly failures: readonly Outcome[];
}

/** How many failures are enough to look at. */
const enough = 3;

/** Lives through the worlds of seeds `first` to `first + count - 1`, on `threads` threads. */
export async function simulateMany(first: number, count: number, threads: number): Promise<FleetReport> {
  const failures: Outcome[] = [];
  let next = first;
  let worlds = 0;
  const giveTo = (worker: Worker) => {
    const seed = next >= first + count || failures.length >= enough ? undefined : next++;
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    worker.postMessage(seed);
  };
  const run = async () => {
    const worker = new Worker(new URL('./simulate-worker.ts', import.meta.url));
    worker.on('message', (outcome: Outcome) => {
      worlds += 1;
      if (outcome.failure !== undefined) failures.push(outcome);
      giveTo(worker);
    });
    giveTo(worker);
    const [code] = (await once(worker, 'exit')) as [number];
    if (code !== 0) throw new Error(`a simulating thread ended with ${code}`);
  };
  await Promise.all(Array.from({ length: threads }, run));
  return { worlds, failures: failures.toSorted((a, b) => a.seed - b.seed) };
}
