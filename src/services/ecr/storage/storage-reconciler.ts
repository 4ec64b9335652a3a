// Collects what nobody needs any more: layers of repositories first, then bytes that no record names.
import type { Blobs } from '#drivers/blobs.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Log } from '#kernel/log.ts';
import type { Reconciler } from '#kernel/reconciler.ts';
import type { Store, Tx } from '#kernel/store.ts';
import { digestKey, scopeOfNamespace } from '#services/ecr/keys.ts';
import { layerKind, repositoryKind } from '#services/ecr/kinds.ts';
import { isNamed, isNeeded } from './named-blobs.ts';
import { bytesGraceMs, damageGraceMs, planLayer } from './plan-collection.ts';

export interface StorageParts {
  readonly store: Store;
  readonly blobs: Blobs;
  readonly clock: Clock;
  readonly log: Log;
}

/** All is looked at in one step. */
const everything = 'storage';
const hourMs = 3_600_000;
/** Layers that are looked at between two breaths: the event loop is not to wait for a large repository. */
const breath = 200;

/** Makes the reconciler: it follows time alone. */
export function createStorageReconciler(parts: StorageParts): Reconciler {
  const { clock, log } = parts;
  let due = -Infinity;
  return {
    name: 'ecr/storage',
    watches: [],
    concerns: () => [],
    all: () => [everything],
    async reconcile(_key, signal) {
      const now = clock.now().getTime();
      // A clock that was set back must not keep it from working until then.
      if (now < due && due - now <= hourMs) return { againIn: due - now };
      const collected = await collect(parts, signal);
      due = clock.now().getTime() + hourMs;
      if (collected.layers + collected.blobs > 0) log.info('what no image needs was removed', { ...collected });
      return { againIn: hourMs };
    },
  };
}

/** One pass. Gives how many layers left their repositories, and how many blobs the disk. */
export async function collect(
  parts: StorageParts,
  signal: AbortSignal,
): Promise<{ readonly layers: number; readonly blobs: number }> {
  const collected = { layers: await collectLayers(parts, signal), blobs: await collectBlobs(parts, signal) };
  await collectDamage(parts, signal);
  return collected;
}

async function collectLayers({ store, clock }: StorageParts, signal: AbortSignal): Promise<number> {
  let removed = 0;
  const repositories = store.read((reader) => reader.list(repositoryKind).map(({ key }) => key));
  for (const repository of repositories) {
    const keys = store.read((reader) => reader.list(layerKind, digestKey(repository, '')).map(({ key }) => key));
    for (let from = 0; from < keys.length && !signal.aborted; from += breath) {
      const now = clock.now().getTime();
      const some = keys.slice(from, from + breath);
      removed += await store.write((tx) => some.filter((key) => collectLayer(tx, key, now)).length);
      await clock.sleep(0, signal);
    }
  }
  return removed;
}

/** Says whether the layer left its repository. */
function collectLayer(tx: Tx, key: string, now: number): boolean {
  const layer = tx.get(layerKind, key);
  if (layer === undefined) return false;
  switch (planLayer(layer, isNeeded(tx, key), now)) {
    case 'keep':
      return false;
    case 'note as used':
      tx.setStatus(layerKind, key, null);
      return false;
    case 'note as unused':
      tx.setStatus(layerKind, key, { unusedSince: now });
      return false;
    case 'remove':
      tx.delete(layerKind, key);
      return true;
  }
}

async function collectBlobs({ store, blobs, clock }: StorageParts, signal: AbortSignal): Promise<number> {
  let removed = 0;
  const before = new Date(clock.now().getTime() - bytesGraceMs);
  for await (const namespace of blobs.namespaces()) {
    if (scopeOfNamespace(namespace) === undefined) continue;
    for await (const digest of blobs.digests(namespace)) {
      if (signal.aborted) return removed;
      const named = (): boolean => store.read((reader) => isNamed(reader, namespace, digest));
      if (named()) continue;
      const gone = await blobs.deleteUnused(namespace, digest, before, async () => {
        if (named()) return false;
        // What removed the last name must outlive a crash before the bytes go.
        await store.durable();
        return !named();
      });
      if (gone) removed += 1;
    }
  }
  return removed;
}

async function collectDamage({ store, blobs, clock }: StorageParts, signal: AbortSignal): Promise<void> {
  const before = clock.now().getTime() - damageGraceMs;
  for await (const namespace of blobs.namespaces()) {
    if (scopeOfNamespace(namespace) === undefined) continue;
    for await (const { digest, foundAt } of blobs.damaged(namespace)) {
      if (signal.aborted) return;
      if (foundAt.getTime() >= before) continue;
      const missed = store.read((reader) => isNamed(reader, namespace, digest));
      if (missed && (await blobs.size(namespace, digest)) === undefined) continue;
      await blobs.forgetDamage(namespace, digest);
    }
  }
}
