// Uploads live for a day after their last byte.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeBlobs } from '#drivers/blobs-fake.ts';
import { silentLog } from '#kernel/log.ts';
import { seededRandom } from '#kernel/seeded-random.ts';
import { VirtualClock } from '#kernel/virtual-clock.ts';
import { createUploadReconciler } from './upload-reconciler.ts';

test('an upload that nothing was appended to for a day is forgotten, a younger one is kept', async () => {
  const clock = new VirtualClock();
  const blobs = new FakeBlobs({ clock, random: seededRandom(1) });
  const reconciler = createUploadReconciler(blobs, clock, silentLog);
  const old = await blobs.begin('a');
  await clock.advance(23 * 3_600_000);
  const young = await blobs.begin('a');
  await clock.advance(2 * 3_600_000);
  const again = await reconciler.reconcile('uploads', new AbortController().signal);
  assert.equal(await blobs.upload('a', old.id), undefined);
  assert.ok(await blobs.upload('a', young.id));
  assert.deepEqual(again, { againIn: 3_600_000 });
});
