// A thread that lives through one world after the other, as it is told.
import { parentPort } from 'node:worker_threads';
import { simulateTasks } from './scenario-tasks.ts';

parentPort!.on('message', (seed: number | undefined) => {
  if (seed === undefined) parentPort!.close();
  else void live(seed);
});

async function live(seed: number): Promise<void> {
  const outcome = await simulateTasks(seed);
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  parentPort!.postMessage(outcome);
}
