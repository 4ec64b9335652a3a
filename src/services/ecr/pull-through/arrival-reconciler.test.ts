// Images whose pullers left are completed all the same.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { silentLog } from '#kernel/log.ts';
import { digestKey, repositoryKey } from '#services/ecr/keys.ts';
import { home } from '#services/ecr/fixture.ts';
import { createArrivalReconciler } from './arrival-reconciler.ts';
import { createCacheFixture, putUpstreamImage, type CacheFixture } from './pull-through.fixture.ts';

const signal = new AbortController().signal;

async function open() {
  const cache = await createCacheFixture();
  const image = putUpstreamImage(cache.upstream, 'team/app', 'v1', randomBytes(100_000));
  await cache.pull('up/team/app', 'v1');
  const reconciler = createArrivalReconciler({ ...cache, log: silentLog });
  const keys = () => cache.store.read((reader) => reconciler.all(reader));
  const key = digestKey(repositoryKey(home, 'up/team/app'), image.digest);
  assert.deepEqual(keys(), [key]);
  return { cache, image, keys, reconcile: () => reconciler.reconcile(key, signal) };
}

function later(cache: CacheFixture, ms: number): void {
  cache.clock.set(new Date(cache.clock.now().getTime() + ms));
}

async function digests(cache: CacheFixture) {
  const { imageIds } = await cache.call('ListImages', { repositoryName: 'up/team/app' });
  return imageIds?.map(({ imageDigest, imageTag }) => `${imageTag}@${imageDigest}`);
}

test('what a puller left is fetched after its head start', async () => {
  const { cache, image, keys, reconcile } = await open();
  assert.deepEqual(await reconcile(), { againIn: 3000 });
  assert.equal(cache.upstream.asked.length, 1);
  later(cache, 3000);
  assert.equal(await reconcile(), undefined);
  assert.deepEqual(await digests(cache), [`v1@${image.digest}`]);
  assert.deepEqual(keys(), []);
  assert.equal(await reconcile(), undefined);
});

test('while a puller is at it, it is left to the puller', async () => {
  const { cache, image, keys, reconcile } = await open();
  let go = () => {};
  const gate = new Promise<void>((resolve) => (go = resolve));
  cache.upstream.pace = () => gate;
  const fetching = cache.fetch('up/team/app', image.layer);
  later(cache, 60_000);
  assert.deepEqual(await reconcile(), { againIn: 3000 });
  go();
  await fetching;
  assert.deepEqual(await reconcile(), { againIn: 3000 });
  later(cache, 3000);
  assert.equal(await reconcile(), undefined);
  assert.deepEqual(keys(), []);
  assert.equal(cache.upstream.asked.filter((each) => each.startsWith('blob')).length, 2);
});

test('while upstream is away it is tried again, for a day', async () => {
  const { cache, keys, reconcile } = await open();
  cache.upstream.failure = 'unreachable';
  later(cache, 3000);
  await assert.rejects(reconcile(), { name: 'UpstreamError', reason: 'unreachable' });
  assert.equal(keys().length, 1);
  later(cache, 24 * 3_600_000);
  assert.equal(await reconcile(), undefined);
  assert.deepEqual(keys(), []);
  assert.deepEqual(await digests(cache), []);
});

test('what upstream no longer gives is forgotten at once', async () => {
  const { cache, keys, reconcile } = await open();
  cache.upstream.failure = 'unauthorized';
  later(cache, 3000);
  assert.equal(await reconcile(), undefined);
  assert.deepEqual(keys(), []);
});

test('a newer image that does not come through leaves the tag to the one that is here', async () => {
  const { cache, image, reconcile } = await open();
  later(cache, 3000);
  await reconcile();
  later(cache, 25 * 3_600_000);
  const second = putUpstreamImage(cache.upstream, 'team/app', 'v1', randomBytes(1000));
  assert.equal((await cache.pull('up/team/app', 'v1'))?.digest, second.digest);
  cache.upstream.failure = 'unreachable';
  later(cache, 3000);
  const reconciler = createArrivalReconciler({ ...cache, log: silentLog });
  const key = digestKey(repositoryKey(home, 'up/team/app'), second.digest);
  await assert.rejects(reconciler.reconcile(key, signal), { reason: 'unreachable' });
  assert.equal(await cache.pull('up/team/app', 'v1'), undefined);
  assert.deepEqual(await digests(cache), [`v1@${image.digest}`]);
  cache.upstream.failure = undefined;
  assert.equal(await reconciler.reconcile(key, signal), undefined);
  assert.deepEqual(
    (await digests(cache))?.filter((each) => each.startsWith('v1')),
    [`v1@${second.digest}`],
  );
});
