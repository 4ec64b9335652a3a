// The loop of copies: what was pushed and is wanted elsewhere gets there, whatever comes between.
import type { Again, Reconciler } from '#kernel/reconciler.ts';
import type { Change, Reader, Tx } from '#kernel/store.ts';
import { registryKey, repositoryKey } from '#services/ecr/keys.ts';
import { imageKind, registryKind, repositoryKind } from '#services/ecr/kinds.ts';
import { replicationKind, type ReplicationStatus } from './kinds.ts';
import { copyImage, type CopyFailure, type CopyParts } from './copy-image.ts';
import { stateOf, type Replication } from './replications.ts';

const secondMs = 1000;
const longestRetryMs = 3_600_000;

export function createReplicationReconciler(parts: CopyParts): Reconciler {
  const { store, clock } = parts;
  return {
    name: 'ecr/replication',
    watches: [replicationKind.name, registryKind.name, repositoryKind.name],
    concerns: concernedBy,
    all: (reader) =>
      reader
        .list(replicationKind)
        .filter((each) => stateOf(each) !== 'COMPLETE')
        .map(({ key }) => key),
    async reconcile(key): Promise<Again | void> {
      const replication = store.read((reader) => reader.get(replicationKind, key));
      if (replication === undefined || stateOf(replication) === 'COMPLETE') return;
      const wait = store.read((reader) => waitOf(reader, replication, clock.now().getTime()));
      if (wait > 0) return { againIn: wait };
      await copyImage(parts, {
        ...replication.spec,
        tags: (tx) => tx.get(replicationKind, key)?.spec.tags,
        settle: (tx, failure) => settle(tx, replication, { failure, now: clock.now() }),
      });
    },
  };
}

/** A policy or a setting that changed may let in what could not be copied before. */
function concernedBy({ kind, key, after }: Change, reader: Reader): string[] {
  if (kind === replicationKind.name) return after === undefined ? [] : [key];
  const [account = '', region = ''] = key.split('/', 2);
  return reader.by(replicationKind, 'failed', registryKey({ account, region })).map((each) => each.key);
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
    failure === undefined
      ? { handled }
      : failed(replication, { handled, failure, now, against: revisionOf(tx, replication) }),
  );
}

/** When the settings of a copy's registry and repository were last changed, in the store's count. */
function revisionOf(reader: Reader, { spec: { imageKey, destination } }: Replication): number {
  const source = reader.get(repositoryKind, reader.get(imageKind, imageKey)?.spec.repositoryKey ?? '');
  const repository = repositoryKey(destination, source?.spec.repositoryName ?? '');
  return Math.max(
    reader.get(registryKind, registryKey(destination))?.revision ?? 0,
    reader.get(repositoryKind, repository)?.revision ?? 0,
  );
}

/** Milliseconds until a copy that failed is tried again; 0 for one that did not. */
function waitOf(reader: Reader, replication: Replication, now: number): number {
  const { retryAt = now, failures = 1, against = 0 } = replication.status;
  if (stateOf(replication) !== 'FAILED' || revisionOf(reader, replication) > against) return 0;
  // A clock that was set back must not keep it waiting until then.
  return retryAt - now > delayAfter(failures) ? 0 : retryAt - now;
}

function delayAfter(failures: number): number {
  return Math.min(secondMs * 2 ** (failures - 1), longestRetryMs);
}

interface Failed {
  readonly handled: number;
  readonly failure: CopyFailure;
  readonly now: Date;
  readonly against: number;
}

function failed({ status }: Replication, { handled, failure, now, against }: Failed): ReplicationStatus {
  const failures = (status.failures ?? 0) + 1;
  return { handled, failureCode: failure, failures, retryAt: now.getTime() + delayAfter(failures), against };
}
