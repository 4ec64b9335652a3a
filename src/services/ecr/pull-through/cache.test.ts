// What pulls through a cache bring in, when upstream is asked, and what is served when it does not answer.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { UpstreamError, type UpstreamErrorReason } from '#drivers/upstream-registry.ts';
import { AwsError } from '#kernel/error.ts';
import { home } from '#services/ecr/fixture.ts';
import { deleteTag, putImage, repositoryIn } from '#services/ecr/image-records.ts';
import { arrivalKind } from './kinds.ts';
import { readManifest } from '#services/ecr/manifest.ts';
import {
  createCacheFixture,
  manifestType,
  putUpstreamImage,
  putUpstreamIndex,
  registry,
  type CacheFixture,
  type UpstreamImage,
} from './pull-through.fixture.ts';

const hourMs = 3_600_000;
const from = `${registry}/team/app`;

function upstreamFails(reason: UpstreamErrorReason): (thrown: unknown) => boolean {
  return (thrown) => thrown instanceof UpstreamError && thrown.reason === reason;
}

/** Pulls an image as docker does: manifest, then configuration and layer. */
async function pullWhole(cache: CacheFixture, reference: string, { digest, config, layer }: UpstreamImage) {
  const manifest = await cache.pull('up/team/app', reference);
  assert.equal(manifest?.digest, digest);
  await Promise.all([cache.fetch('up/team/app', config), cache.fetch('up/team/app', layer)]);
}

function later(cache: CacheFixture, ms: number): void {
  cache.clock.set(new Date(cache.clock.now().getTime() + ms));
}

async function tagsByDigest(cache: CacheFixture, repositoryName = 'up/team/app') {
  const { imageDetails = [] } = await cache.call('DescribeImages', { repositoryName });
  return Object.fromEntries(imageDetails.map(({ imageDigest, imageTags }) => [imageDigest!, imageTags ?? []]));
}

test('a first pull brings an image in, which is one once all of it is here; the next pull asks nobody', async () => {
  const cache = await createCacheFixture();
  const layer = randomBytes(300_000);
  const image = putUpstreamImage(cache.upstream, 'team/app', 'v1', layer);
  const manifest = await cache.pull('up/team/app', 'v1');
  assert.deepEqual(manifest, { digest: image.digest, mediaType: manifestType, body: image.body });
  assert.deepEqual(cache.wished, ['ecr:BatchImportUpstreamImage', 'ecr:CreateRepository']);
  assert.deepEqual(await tagsByDigest(cache), {}, 'not an image before its blobs are here');
  assert.deepEqual(await cache.pull('up/team/app', 'v1'), manifest, 'served on while they come');
  assert.deepEqual(await cache.pull('up/team/app', image.digest), manifest);
  assert.deepEqual(await cache.fetch('up/team/app', image.layer), layer);
  await cache.fetch('up/team/app', image.config);
  const { imageDetails } = await cache.call('DescribeImages', { repositoryName: 'up/team/app' });
  assert.deepEqual(
    imageDetails?.map(({ imageDigest, imageTags }) => [imageDigest, imageTags]),
    [[image.digest, ['v1']]],
  );
  assert.ok(imageDetails![0]!.imageSizeInBytes! > 300_000);
  const asked = [...cache.upstream.asked];
  assert.deepEqual(asked, [`manifest ${from}:v1`, `blob ${from}@${image.layer}`, `blob ${from}@${image.config}`]);
  cache.upstream.failure = 'unreachable';
  later(cache, 23 * hourMs);
  assert.equal(await cache.pull('up/team/app', 'v1'), undefined);
  assert.equal(await cache.pull('up/team/app', image.digest), undefined);
  assert.equal(cache.pullThrough.blob({ scope: home, repositoryName: 'up/team/app' }, image.layer), undefined);
  assert.deepEqual(cache.upstream.asked, asked);
});

test('all who pull the same at the same time share one question and one download', async () => {
  const cache = await createCacheFixture();
  const image = putUpstreamImage(cache.upstream, 'team/app', 'v1', randomBytes(500_000));
  const pullers = Array.from({ length: 8 }, () => pullWhole(cache, 'v1', image));
  await Promise.all(pullers);
  assert.deepEqual(
    cache.upstream.asked.toSorted(),
    [`blob ${from}@${image.config}`, `blob ${from}@${image.layer}`, `manifest ${from}:v1`].toSorted(),
  );
});

test('a tag is compared with upstream once a day; where it moved, the new image comes', async () => {
  const cache = await createCacheFixture();
  const first = putUpstreamImage(cache.upstream, 'team/app', 'v1', randomBytes(10));
  await pullWhole(cache, 'v1', first);
  later(cache, 24 * hourMs);
  assert.equal(await cache.pull('up/team/app', 'v1'), undefined, 'unmoved');
  assert.equal(cache.upstream.asked.at(-1), `digest ${from}:v1`);
  const second = putUpstreamImage(cache.upstream, 'team/app', 'v1', randomBytes(10));
  later(cache, 23 * hourMs);
  assert.equal(await cache.pull('up/team/app', 'v1'), undefined, 'the comparison counts from then on');
  later(cache, hourMs);
  await pullWhole(cache, 'v1', second);
  assert.deepEqual(await tagsByDigest(cache), { [first.digest]: [], [second.digest]: ['v1'] });
  assert.equal(await cache.pull('up/team/app', 'v1'), undefined);
  assert.equal(await cache.pull('up/team/app', first.digest), undefined);
});

test('where upstream cannot be asked about a tag, what is here is served, and it is left alone for a while', async () => {
  for (const reason of ['unreachable', 'rate-limited', 'unauthorized', 'malformed', 'not-found'] as const) {
    const cache = await createCacheFixture();
    const image = putUpstreamImage(cache.upstream, 'team/app', 'v1', randomBytes(10));
    await pullWhole(cache, 'v1', image);
    later(cache, 25 * hourMs);
    cache.upstream.failure = reason;
    const asked = cache.upstream.asked.length;
    assert.equal(await cache.pull('up/team/app', 'v1'), undefined, reason);
    assert.equal(await cache.pull('up/team/app', 'v1'), undefined, reason);
    assert.equal(cache.upstream.asked.length, asked + 1, reason);
    later(cache, 6 * 60_000);
    assert.equal(await cache.pull('up/team/app', 'v1'), undefined, reason);
    assert.equal(cache.upstream.asked.length, asked + (reason === 'not-found' ? 1 : 2), reason);
  }
});

test('what upstream does not give is told by its reason; what it does not have, nobody has', async () => {
  const cache = await createCacheFixture();
  putUpstreamImage(cache.upstream, 'team/app', 'v1', randomBytes(10));
  for (const reason of ['unreachable', 'rate-limited', 'unauthorized', 'malformed'] as const) {
    cache.upstream.failure = reason;
    await assert.rejects(cache.pull('up/team/app', 'v1'), upstreamFails(reason));
  }
  cache.upstream.failure = undefined;
  assert.equal(await cache.pull('up/team/app', 'v2'), undefined);
  const missing = `sha256:${'0'.repeat(64)}`;
  assert.equal(await cache.pull('up/team/app', missing), undefined);
  assert.equal(await cache.pull('other/app', 'v1'), undefined, 'no rule covers it');
  await assert.rejects(
    cache.call('ListImages', { repositoryName: 'up/team/app' }),
    (thrown) => thrown instanceof AwsError && thrown.code === 'RepositoryNotFoundException',
    'a failed pull makes no repository',
  );
});

test('an index comes without its images, each of which comes when it is asked for', async () => {
  const cache = await createCacheFixture();
  const [amd64, arm64] = [1000, 2000].map((size) =>
    putUpstreamImage(cache.upstream, 'team/app', undefined, randomBytes(size)),
  );
  const index = putUpstreamIndex(cache.upstream, 'team/app', 'v1', [amd64!, arm64!]);
  assert.equal(await cache.pull('up/team/app', 'v1'), undefined, 'it needs no blobs: it is here at once');
  assert.deepEqual(await tagsByDigest(cache), { [index]: ['v1'] });
  const sizeOf = async () => {
    const { imageDetails } = await cache.call('DescribeImages', {
      repositoryName: 'up/team/app',
      imageIds: [{ imageTag: 'v1' }],
    });
    return imageDetails![0]!.imageSizeInBytes!;
  };
  assert.equal(await sizeOf(), 0);
  await pullWhole(cache, amd64!.digest, amd64!);
  assert.ok((await sizeOf()) > 1000);
  await pullWhole(cache, arm64!.digest, arm64!);
  assert.ok((await sizeOf()) > 2000);
  cache.upstream.failure = 'unreachable';
  for (const reference of ['v1', index, amd64!.digest, arm64!.digest]) {
    assert.equal(await cache.pull('up/team/app', reference), undefined, 'offline');
  }
});

test('a tag moves to a newer index once the images that were here have come in their newer form', async () => {
  const cache = await createCacheFixture();
  const put = () => {
    const images = [10, 20].map((size) => putUpstreamImage(cache.upstream, 'team/app', undefined, randomBytes(size)));
    return { amd64: images[0]!, digest: putUpstreamIndex(cache.upstream, 'team/app', 'v1', images) };
  };
  const first = put();
  await cache.pull('up/team/app', 'v1');
  await pullWhole(cache, first.amd64.digest, first.amd64);
  later(cache, 24 * hourMs);
  const second = put();
  assert.equal((await cache.pull('up/team/app', 'v1'))?.digest, second.digest);
  assert.deepEqual((await tagsByDigest(cache))[first.digest], ['v1'], 'offline, the tag still gives a whole image');
  await pullWhole(cache, second.amd64.digest, second.amd64);
  const tags = await tagsByDigest(cache);
  assert.deepEqual([tags[first.digest], tags[second.digest]], [[], ['v1']]);
  assert.equal(await cache.pull('up/team/app', 'v1'), undefined);

  later(cache, 24 * hourMs);
  const third = put();
  assert.equal((await cache.pull('up/team/app', 'v1'))?.digest, third.digest);
  const [index] = cache.store.read((reader) => reader.list(arrivalKind));
  await cache.pullThrough.complete(index!.key);
  assert.deepEqual((await tagsByDigest(cache))[third.digest], ['v1'], 'without a puller, too');
  assert.deepEqual(
    cache.store.read((reader) => reader.list(arrivalKind)),
    [],
  );
});

test('whoever may not import gets what is cached and nothing else', async () => {
  const cache = await createCacheFixture();
  const image = putUpstreamImage(cache.upstream, 'team/app', 'v1', randomBytes(10));
  for (const action of ['ecr:BatchImportUpstreamImage', 'ecr:CreateRepository']) {
    cache.authorizer.denied.add(action);
    await assert.rejects(cache.pull('up/team/app', 'v1'), { code: 'AccessDeniedException' });
    cache.authorizer.denied.delete(action);
  }
  assert.deepEqual(cache.upstream.asked, []);
  await pullWhole(cache, 'v1', image);
  cache.authorizer.denied.add('ecr:BatchImportUpstreamImage');
  later(cache, 48 * hourMs);
  const asked = cache.upstream.asked.length;
  assert.equal(await cache.pull('up/team/app', 'v1'), undefined);
  assert.equal(cache.upstream.asked.length, asked);
  await assert.rejects(cache.pull('up/team/app', 'v2'), { code: 'AccessDeniedException' });
});

test('a tag that is pushed here, and an immutable one, are never compared with upstream', async () => {
  const cache = await createCacheFixture();
  const image = putUpstreamImage(cache.upstream, 'team/app', 'v1', randomBytes(10));
  putUpstreamImage(cache.upstream, 'team/app', 'fixed', randomBytes(10));
  await pullWhole(cache, 'v1', image);
  const name = { scope: home, repositoryName: 'up/team/app' };
  const content = readManifest(image.body, manifestType);
  const pushed = { content, digest: image.digest, size: image.body.length, tag: 'own', pushedAt: 0 };
  await cache.store.write((tx) => putImage(tx, name, pushed));
  putUpstreamImage(cache.upstream, 'team/app', 'own', randomBytes(10));
  later(cache, 48 * hourMs);
  const asked = cache.upstream.asked.length;
  assert.equal(await cache.pull('up/team/app', 'own'), undefined);
  await cache.call('PutImageTagMutability', { repositoryName: 'up/team/app', imageTagMutability: 'IMMUTABLE' });
  assert.equal(await cache.pull('up/team/app', 'v1'), undefined);
  assert.equal(cache.upstream.asked.length, asked);
});

test('a push over a cached tag while a newer image comes in keeps the tag', async () => {
  const cache = await createCacheFixture();
  const first = putUpstreamImage(cache.upstream, 'team/app', 'v1', randomBytes(10));
  await pullWhole(cache, 'v1', first);
  later(cache, 25 * hourMs);
  const second = putUpstreamImage(cache.upstream, 'team/app', 'v1', randomBytes(10));
  assert.equal((await cache.pull('up/team/app', 'v1'))?.digest, second.digest);
  const name = { scope: home, repositoryName: 'up/team/app' };
  const content = readManifest(first.body, manifestType);
  const pushed = { content, digest: first.digest, size: first.body.length, tag: 'v1', pushedAt: 0 };
  await cache.store.write((tx) => putImage(tx, name, pushed));
  await cache.fetch('up/team/app', second.config);
  await cache.fetch('up/team/app', second.layer);
  assert.deepEqual(await tagsByDigest(cache), { [first.digest]: ['v1'], [second.digest]: [] });
});

test('bytes that are not those of the digest, or not as many as stated, are not kept', async () => {
  const cache = await createCacheFixture();
  const image = putUpstreamImage(cache.upstream, 'team/app', 'v1', randomBytes(1000));
  cache.upstream.damageBlob({ registry, repository: 'team/app' }, image.layer);
  await cache.pull('up/team/app', 'v1');
  await assert.rejects(cache.fetch('up/team/app', image.layer), upstreamFails('malformed'));
  await cache.fetch('up/team/app', image.config);
  assert.deepEqual(await tagsByDigest(cache), {});
  cache.upstream.damageBlob({ registry, repository: 'team/app' }, image.layer);
  await cache.fetch('up/team/app', image.layer);
  assert.deepEqual(await tagsByDigest(cache), { [image.digest]: ['v1'] });
});

test('a repository that is deleted while an image comes in stays deleted', async () => {
  const cache = await createCacheFixture();
  const image = putUpstreamImage(cache.upstream, 'team/app', 'v1', randomBytes(1000));
  await cache.pull('up/team/app', 'v1');
  const coming = cache.pullThrough.blob({ scope: home, repositoryName: 'up/team/app' }, image.layer);
  const fetch = await coming!.fetch();
  await cache.call('DeleteRepository', { repositoryName: 'up/team/app', force: true });
  await fetch.kept;
  await assert.rejects(cache.call('ListImages', { repositoryName: 'up/team/app' }), {
    code: 'RepositoryNotFoundException',
  });
  await pullWhole(cache, 'v1', image);
  assert.deepEqual(await tagsByDigest(cache), { [image.digest]: ['v1'] });
});

test('a deleted tag is fetched again', async () => {
  const cache = await createCacheFixture();
  const image = putUpstreamImage(cache.upstream, 'team/app', 'v1', randomBytes(1000));
  await pullWhole(cache, 'v1', image);
  const name = { scope: home, repositoryName: 'up/team/app' };
  await cache.store.write((tx) => deleteTag(tx, repositoryIn(tx, name), 'v1'));
  assert.equal(await cache.pull('up/team/app', 'v1'), undefined, 'the image is here: its tag is enough');
  assert.deepEqual(await tagsByDigest(cache), { [image.digest]: ['v1'] });
});

test('a manifest that no registry takes is malformed', async () => {
  const cache = await createCacheFixture();
  const to = { registry, repository: 'team/app' };
  for (const text of [
    'no json',
    '{"schemaVersion":1}',
    `{"layers":[{"digest":"sha256:${'a'.repeat(64)}","size":-1}]}`,
    `{"layers":[{"digest":"sha256:${'a'.repeat(64)}","size":54525952001}]}`,
    layersOf(1001),
    `{"manifests":[],"nested":${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}}`,
  ]) {
    cache.upstream.putManifest(to, 'bad', Buffer.from(text), manifestType);
    await assert.rejects(cache.pull('up/team/app', 'bad'), upstreamFails('malformed'), text);
  }
});

test('an image of a thousand layers may still come', async () => {
  const cache = await createCacheFixture();
  cache.upstream.putManifest({ registry, repository: 'team/app' }, 'many', Buffer.from(layersOf(1000)), manifestType);
  assert.notEqual(await cache.pull('up/team/app', 'many'), undefined);
});

function layersOf(count: number): string {
  const digestOf = (at: number) => `sha256:${String(at).padStart(64, '0')}`;
  return JSON.stringify({ layers: Array.from({ length: count }, (_, at) => ({ digest: digestOf(at), size: 1 })) });
}
