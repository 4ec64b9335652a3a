// The layers of a repository as clients are told of them: what they were told is here stays long enough to be used.
import type { Store } from '#kernel/store.ts';
import { type Layer, layerKind } from '#services/ecr/kinds.ts';

/**
 * The layer under a digestKey, durable when this resolves. A client that is told of it may leave it out of a push: the
 * collector's grace (plan-collection.ts) begins anew.
 */
export async function knownLayer(store: Store, key: string): Promise<Layer | undefined> {
  const layer = store.read((reader) => reader.get(layerKind, key));
  if (layer === undefined || layer.status === null) {
    await store.durable();
    return layer;
  }
  return store.write((tx) => tx.get(layerKind, key) && tx.setStatus(layerKind, key, null));
}
