// The loop of clusters: an INACTIVE one can be described for a while, then it is forgotten.
import type { Clock } from '#kernel/clock.ts';
import type { Reconciler } from '#kernel/reconciler.ts';
import type { Store } from '#kernel/store.ts';
import { clusterKind, taskKind } from './kinds.ts';

/** `keepInactive`: milliseconds that an INACTIVE cluster can be described, at least until its stopped tasks are gone. */
export function createClusterReconciler(store: Store, clock: Clock, keepInactive: number): Reconciler {
  return {
    name: 'ecs/cluster',
    watches: [clusterKind.name],
    concerns: ({ key }) => [key],
    all: (reader) => reader.list(clusterKind).map(({ key }) => key),
    async reconcile(key) {
      const cluster = store.read((reader) => reader.get(clusterKind, key));
      if (cluster?.spec.inactiveAt === undefined) return;
      const againIn = cluster.spec.inactiveAt + keepInactive - clock.now().getTime();
      if (againIn > 0) return { againIn };
      const gone = await store.write((tx) => {
        if (tx.list(taskKind, `${key}/`).length > 0) return false;
        if (tx.get(clusterKind, key)?.spec.status === 'INACTIVE') tx.delete(clusterKind, key);
        return true;
      });
      return gone ? undefined : { againIn: keepInactive };
    },
  };
}
