// The loop of copies: what was pushed and is wanted elsewhere gets there, whatever comes between.
import type { Again, Reconciler } from '#kernel/reconciler.ts';
import type { Tx } from '#kernel/store.ts';
import { replicationKind, type ReplicationStatus } from '#services/ecr/kinds.ts';
import { copyImage, type CopyFailure, type CopyParts } from './copy-image.ts';
import { stateOf, type Replication } from './replications.ts';

const secondMs = 1000;
const longestRetryMs = 3_600_000;

export function createReplicationReconciler(parts: CopyParts): Reconciler {
  const { store, clock } = parts;
  return {
    name: 'ecr/replication',
    watches: [replicationKind.name],
    concerns: ({ key, after }) => (after === undefined ? [] : [key]),
    all: (reader) =>
      reader
        .list(replicationKind)
        .filter((each) => stateOf(each) !== 'COMPLETE')
        .map(({ key }) => key),
    async reconcile(key): Promise<Again | void> {
      const replication = store.read((reader) => reader.get(replicationKind, key));
      if (replication === undefined || stateOf(replication) === 'COMPLETE') return;
      const wait = waitOf(replication, clock.now().getTime());
      if (wait > 0) return { againIn: wait };
      await copyImage(parts, {
        ...replication.spec,
        tags: (tx) => tx.get(replicationKind, key)?.spec.tags,
        settle: (tx, failure) => settle(tx, replication, { failure, now: clock.now() }),
      });
    },
  };
}

/** With the image its replications go: then there is nobody to tell. */
function settle(
  tx: Tx,
  { key, spec: seen }: Replication,
  { failure, now }: { readonly failure: CopyFailure | undefined; readonly now: Date },
): void {
  const replication = tx.get(replicationKind, key);
  if (replication === undefined) return;
  // A success is that of the tags as they are now. A failure is that of what was seen, and what came since is still to do.
  const handled = failure === undefined ? replication.spec.asked : seen.asked;
  tx.setStatus(
    replicationKind,
    key,
    failure === undefined ? { handled } : failed(replication.status, { handled, failure, now }),
  );
}

/** Milliseconds until a copy that failed is tried again; 0 for one that did not. */
function waitOf(replication: Replication, now: number): number {
  const { retryAt = now, failures = 1 } = replication.status;
  if (stateOf(replication) !== 'FAILED') return 0;
  // A clock that was set back must not keep it waiting until then.
  return retryAt - now > delayAfter(failures) ? 0 : retryAt - now;
}

function delayAfter(failures: number): number {
  return Math.min(secondMs * 2 ** (failures - 1), longestRetryMs);
}

function failed(
  before: ReplicationStatus,
  { handled, failure, now }: { readonly handled: number; readonly failure: CopyFailure; readonly now: Date },
): ReplicationStatus {
  const failures = (before.failures ?? 0) + 1;
  return { handled, failureCode: failure, failures, retryAt: now.getTime() + delayAfter(failures) };
}
