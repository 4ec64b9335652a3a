// The collector as a reconciler: hourly, however often it is asked, and tidy about what was put aside.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeBlobs } from '#drivers/blobs-fake.ts';
import { silentLog } from '#kernel/log.ts';
import { systemRandom } from '#kernel/random.ts';
import { createFixture, home } from '#services/ecr/fixture.ts';
import { blobNamespace, digestKey, repositoryKey } from '#services/ecr/keys.ts';
import { layerKind } from '#services/ecr/kinds.ts';
import { createStorageReconciler } from './storage-reconciler.ts';

const namespace = blobNamespace(home);
const hourMs = 3_600_000;

async function setUp() {
  let at = Date.parse('2026-01-01T00:00:00Z');
  const clock = { now: () => new Date(at), sleep: async () => {} };
  const pass = (ms: number): void => void (at += ms);
  const blobs = new FakeBlobs({ clock, random: systemRandom });
  const { store, call } = await createFixture({ blobs });
  await call('CreateRepository', { repositoryName: 'app' });
  const reconciler = createStorageReconciler({ store, blobs, clock, log: silentLog });
  const run = () => reconciler.reconcile('storage', new AbortController().signal);
  return { blobs, store, call, pass, run };
}

test('it collects once an hour, whether asked more often or by a clock that was set back', async () => {
  const { blobs, pass, run } = await setUp();
  await run();
  const digest = await blobs.put(namespace, Buffer.from('unnamed'));
  pass(hourMs / 2);
  assert.deepEqual(await run(), { againIn: hourMs / 2 });
  pass(hourMs / 2 + 1);
  assert.deepEqual(await run(), { againIn: hourMs });
  assert.equal(await blobs.size(namespace, digest), undefined);
  pass(-24 * hourMs);
  assert.deepEqual(await run(), { againIn: hourMs });
});

test('blobs of others than registries stay', async () => {
  const { blobs, pass, run } = await setUp();
  const digest = await blobs.put('buckets/one', Buffer.from('an object'));
  pass(1000 * hourMs);
  await run();
  assert.equal(await blobs.size('buckets/one', digest), 9);
});

test('the layers of a deleted repository leave the disk', async () => {
  const { blobs, store, call, pass, run } = await setUp();
  const digest = await blobs.put(namespace, Buffer.from('layer'));
  const key = digestKey(repositoryKey(home, 'app'), digest);
  await store.write((tx) => tx.put(layerKind, key, { spec: { digest, size: 5, uploadedAt: 0 }, status: null }));
  pass(2 * hourMs);
  await run();
  assert.equal(await blobs.size(namespace, digest), 5);
  await call('DeleteRepository', { repositoryName: 'app', force: true });
  pass(hourMs);
  await run();
  assert.equal(await blobs.size(namespace, digest), undefined);
});

test('what was put aside stays while it is missed, and a week longer', async () => {
  const { blobs, store, pass, run } = await setUp();
  const content = Buffer.from('damaged');
  const digest = await blobs.put(namespace, content);
  const key = digestKey(repositoryKey(home, 'app'), digest);
  await store.write((tx) => tx.put(layerKind, key, { spec: { digest, size: 7, uploadedAt: 0 }, status: null }));
  blobs.damage(namespace, digest);
  await assert.rejects(Array.fromAsync(blobs.read(namespace, digest)), { reason: 'damaged' });
  const aside = async () => (await Array.fromAsync(blobs.damaged(namespace))).length;
  pass(hourMs);
  await blobs.put(namespace, content);
  await run();
  assert.equal(await aside(), 1, 'healed, but not long ago');
  pass(7 * 24 * hourMs);
  await run();
  assert.equal(await aside(), 0);
});
