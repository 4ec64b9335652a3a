// Forgets uploads that their clients have left.
import type { Blobs } from '#drivers/blobs.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Log } from '#kernel/log.ts';
import type { Reconciler } from '#kernel/reconciler.ts';

/** All are looked at in one step. */
const everyUpload = 'uploads';
const hourMs = 3_600_000;
/** AWS gives an upload a day. */
const lifeMs = 24 * hourMs;

/** Makes the reconciler: it follows time alone. */
export function createUploadReconciler(blobs: Blobs, clock: Clock, log: Log): Reconciler {
  return {
    name: 'ecr/upload',
    watches: [],
    concerns: () => [],
    all: () => [everyUpload],
    async reconcile() {
      const forgotten = await blobs.expire(new Date(clock.now().getTime() - lifeMs));
      if (forgotten > 0) log.info('uploads that nobody went on with were forgotten', { uploads: forgotten });
      return { againIn: hourMs };
    },
  };
}
