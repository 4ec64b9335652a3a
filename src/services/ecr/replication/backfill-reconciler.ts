// The loop of backfills: finds what there is to copy, copies it one by one, and forgets the backfill when it is old.
import type { Again, Reconciler } from '#kernel/reconciler.ts';
import type { Resource, Tx } from '#kernel/store.ts';
import {
  backfillItemKind,
  type BackfillItemSpec,
  type BackfillItemStatus,
  backfillKind,
  type BackfillSpec,
  type BackfillStatus,
  replicationKind,
} from './kinds.ts';
import { afterItem, isOver, planBackfill } from './backfill.ts';
import { copyImage, type CopyParts } from './copy-image.ts';
import { replicationKey } from './replications.ts';

type Backfill = Resource<BackfillSpec, BackfillStatus>;
type Item = Resource<BackfillItemSpec, BackfillItemStatus>;

/** "Retained for 90 days after they end". */
const keptMs = 90 * 24 * 3_600_000;

export function createBackfillReconciler(parts: CopyParts): Reconciler {
  const { store, clock } = parts;
  return {
    name: 'ecr/backfill',
    watches: [backfillKind.name],
    concerns: ({ key, after }) => (after === undefined ? [] : [key]),
    all: (reader) => reader.list(backfillKind).map(({ key }) => key),
    async reconcile(key): Promise<Again | void> {
      const backfill = store.read((reader) => reader.get(backfillKind, key));
      if (backfill === undefined) return;
      if (isOver(backfill.status)) {
        const againIn = (backfill.status.endedAt ?? 0) + keptMs - clock.now().getTime();
        if (againIn > 0) return { againIn };
        return store.write((tx) => forget(tx, key));
      }
      if (backfill.spec.stopped) return store.write((tx) => stop(tx, key, clock.now()));
      const { progress } = backfill.status;
      if (progress === undefined) return store.write((tx) => prepare(tx, backfill, clock.now()));
      await copyNext(parts, backfill, progress.completed + progress.failed);
    },
  };
}

function prepare(tx: Tx, { key, spec }: Backfill, now: Date): void {
  if (tx.get(backfillKind, key)?.status.progress !== undefined) return;
  const items = planBackfill(tx, spec);
  for (const [at, item] of items.entries()) tx.put(backfillItemKind, itemKey(key, at), { spec: item, status: null });
  const progress = { total: items.length, completed: 0, failed: 0, failureCodes: [] };
  const state = items.length === 0 ? 'COMPLETE' : 'IN_PROGRESS';
  tx.setStatus(backfillKind, key, { state, progress, ...(items.length === 0 ? { endedAt: now.getTime() } : {}) });
}

async function copyNext(parts: CopyParts, { key, spec }: Backfill, at: number): Promise<void> {
  const item = parts.store.read((reader) => reader.get(backfillItemKind, itemKey(key, at)));
  if (item === undefined) throw new Error(`backfill ${key} has no item ${at}`);
  const { imageKey, tag } = item.spec;
  await copyImage(parts, {
    imageKey,
    destination: spec.destination,
    tags: () => (tag === undefined ? [] : [tag]),
    settle(tx, failure) {
      const before = tx.get(backfillKind, key)!.status;
      tx.setStatus(
        backfillItemKind,
        item.key,
        failure === undefined ? { state: 'COMPLETE' } : { state: 'FAILED', failureCode: failure },
      );
      tx.setStatus(backfillKind, key, afterItem(before, failure, parts.clock.now()));
      if (failure === undefined) note(tx, item, spec);
    },
  });
}

/** The image's own status tells of the copy, unless a push of it is being copied. */
function note(tx: Tx, { spec: { imageKey } }: Item, { destination }: BackfillSpec): void {
  const key = replicationKey(imageKey, destination);
  if (tx.get(replicationKind, key) !== undefined) return;
  tx.put(replicationKind, key, { spec: { imageKey, destination, asked: 1, tags: [] }, status: { handled: 1 } });
}

function stop(tx: Tx, key: string, now: Date): void {
  const { progress } = tx.get(backfillKind, key)!.status;
  const status = { state: 'STOPPED' as const, endedAt: now.getTime() };
  tx.setStatus(backfillKind, key, progress === undefined ? status : { ...status, progress });
}

function forget(tx: Tx, key: string): void {
  for (const item of tx.list(backfillItemKind, `${key}/`)) tx.delete(backfillItemKind, item.key);
  tx.delete(backfillKind, key);
}

function itemKey(backfill: string, at: number): string {
  return `${backfill}/${String(at).padStart(10, '0')}`;
}
