// The check of all that is stored: what is damaged, missing or nobody's, and what is none of these.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeBlobs } from '#drivers/blobs-fake.ts';
import { systemRandom } from '#kernel/random.ts';
import type { Reader } from '#kernel/store.ts';
import { createFixture, home } from '#services/ecr/fixture.ts';
import { blobNamespace, digestKey, repositoryKey } from '#services/ecr/keys.ts';
import { layerKind } from '#services/ecr/kinds.ts';
import { checkStorage } from './check-storage.ts';

const namespace = blobNamespace(home);
const now = new Date('2026-01-01T12:00:00Z');
let at = new Date('2026-01-01T00:00:00Z');

async function setUp() {
  at = new Date('2026-01-01T00:00:00Z');
  const blobs = new FakeBlobs({ clock: { now: () => at, sleep: async () => {} }, random: systemRandom });
  const { store, call } = await createFixture({ blobs });
  await call('CreateRepository', { repositoryName: 'app' });
  const hold = async (text: string): Promise<string> => {
    const digest = await blobs.put(namespace, Buffer.from(text));
    const key = digestKey(repositoryKey(home, 'app'), digest);
    const spec = { digest, size: text.length, uploadedAt: at.getTime() };
    await store.write((tx) => tx.put(layerKind, key, { spec, status: null }));
    return digest;
  };
  const check = (read?: () => Promise<Reader>) =>
    checkStorage(read ?? (async () => store.read((reader) => reader)), blobs, now);
  return { blobs, store, hold, check };
}

const owners = [{ repositoryName: 'app', what: 'layer', tags: [] }];

test('what is whole and named is counted, and so is what nobody names, by its age', async () => {
  const { blobs, hold, check } = await setUp();
  await hold('named');
  await blobs.put(namespace, Buffer.from('nobody’s'));
  at = new Date(now.getTime() - 60_000);
  await blobs.put(namespace, Buffer.from('on its way'));
  await blobs.put('somebody-else', Buffer.from('no registry'));
  const { whole, unnamed, young, bad, putAside } = await check();
  assert.deepEqual([whole.blobs, whole.bytes], [3, 5 + 10 + 10]);
  assert.deepEqual([unnamed.blobs, unnamed.bytes], [1, 10]);
  assert.deepEqual([young.blobs, young.bytes], [1, 10]);
  assert.deepEqual([bad, putAside], [[], []]);
});

test('damaged and missing blobs are told with their owners, and what was put aside with its time', async () => {
  const { blobs, hold, check } = await setUp();
  const [damaged, missing, aside] = [await hold('damaged'), await hold('missing'), await hold('put aside')];
  for (const digest of [damaged, aside]) blobs.damage(namespace, digest);
  await blobs.delete(namespace, missing);
  await assert.rejects(Array.fromAsync(blobs.read(namespace, aside)), { reason: 'damaged' });
  const { bad, putAside } = await check();
  const found = new Map(bad.map((one) => [one.digest, one]));
  assert.deepEqual(found.get(damaged), { namespace, digest: damaged, is: 'damaged', owners });
  assert.deepEqual(found.get(missing), { namespace, digest: missing, is: 'missing', owners });
  assert.deepEqual(found.get(aside), { namespace, digest: aside, is: 'missing', owners });
  assert.equal(found.size, 3);
  assert.deepEqual(putAside, [{ namespace, digest: aside, size: 9, foundAt: at }]);
  assert.equal(await blobs.size(namespace, damaged), 7, 'the check changes nothing');
});

test('what was deleted while the check ran is not missing', async () => {
  const { blobs, store, hold, check } = await setUp();
  const digest = await hold('deleted');
  const key = digestKey(repositoryKey(home, 'app'), digest);
  await blobs.delete(namespace, digest);
  const before: Reader = {
    get: () => undefined,
    list: (kind) => store.read((reader) => reader.list(kind)),
    by: (kind, index, value) => store.read((reader) => reader.by(kind, index, value)),
  };
  let reads = 0;
  const { bad } = await check(async () => {
    reads += 1;
    if (reads === 2) await store.write((tx) => tx.delete(layerKind, key));
    return before;
  });
  assert.equal(reads, 2);
  assert.deepEqual(bad, []);
});
