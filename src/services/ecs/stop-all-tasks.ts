// Stops every task there is, for when the platform itself is stopped with all that it runs.
import type { Clock } from '#kernel/clock.ts';
import type { Store } from '#kernel/store.ts';
import { taskKind } from './kinds.ts';

/** Resolves once no task is left that has not stopped; tasks run meanwhile are stopped, too. */
export async function stopAllTasks(store: Store, clock: Clock, reason: string): Promise<void> {
  const done = new AbortController();
  // Watching begins before anything is written, so that the last task's end cannot be missed.
  const changes = store.watch([taskKind.name], done.signal);
  const live = () => store.read((reader) => reader.by(taskKind, 'live', 'live'));
  const stopThem = () =>
    store.write((tx) => {
      for (const { key, spec, status } of tx.by(taskKind, 'live', 'live')) {
        if (spec.stop !== undefined) continue;
        tx.setSpec(taskKind, key, { ...spec, stop: { code: 'UserInitiated', reason, at: clock.now().getTime() } });
        tx.setStatus(taskKind, key, { ...status, version: status.version + 1 });
      }
    });
  try {
    await stopThem();
    if (live().length === 0) return;
    for await (const _change of changes) {
      const left = live();
      if (left.length === 0) return;
      if (left.some(({ spec }) => spec.stop === undefined)) await stopThem();
    }
  } finally {
    done.abort();
  }
}
