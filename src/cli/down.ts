// `berth down`: stops the control plane, and with --tasks every task before.
import type { Config } from '#config.ts';
import { systemClock } from '#kernel/clock.ts';
import { findHolder } from '#kernel/data-directory.ts';
import { stopSignal, stopTasksSignal } from '#signals.ts';

const pollMs = 20;
/** Tasks may take their stop time-out of up to two minutes. */
const patienceMs = 180_000;

/** Resolves once the process has let go of its data directory. Throws Error where it does not. */
export async function down(config: Config, tasks: boolean): Promise<void> {
  const holder = findHolder(config.data);
  if (holder === undefined) {
    if (tasks) await stopTasksWithoutServing(config);
    process.stdout.write(`Berth is not running on ${config.data}.\n`);
    return;
  }
  if (holder.pid === undefined) throw new Error(`Berth is starting on ${config.data}. Try again in a moment.`);
  process.kill(holder.pid, tasks ? stopTasksSignal : stopSignal);
  const deadline = systemClock.now().getTime() + patienceMs;
  while (findHolder(config.data)?.pid === holder.pid) {
    if (systemClock.now().getTime() > deadline) {
      throw new Error(`Berth (process ${holder.pid}) did not stop within three minutes; see ${config.data}/berth.log`);
    }
    await systemClock.sleep(pollMs);
  }
  process.stdout.write(`Berth has stopped${tasks ? ', and its tasks too' : '; its tasks run on'}.\n`);
}

/** The control plane may be down while its tasks run: it is brought up for just this. */
async function stopTasksWithoutServing(config: Config): Promise<void> {
  const { stopAllTasks } = await import('#main.ts');
  await stopAllTasks(config);
}
