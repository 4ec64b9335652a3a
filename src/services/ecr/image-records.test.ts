// Whatever is pushed, tagged and deleted, in any order: a repository is consistent.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AwsError } from '#kernel/error.ts';
import { silentLog } from '#kernel/log.ts';
import { createStore } from '#kernel/store-create.ts';
import { createMemoryDisk } from '#kernel/store-memory.ts';
import type { Reader, Store, Tx } from '#kernel/store.ts';
import { home } from './fixture.ts';
import { deleteImage, deleteTag, findImage, imagesOf, putImage, repositoryIn, tagsOf } from './image-records.ts';
import { ecrKinds } from './every-kind.ts';
import { digestKey, repositoryKey } from './keys.ts';
import { imageKind, layerKind, repositoryKind, tagKind } from './kinds.ts';

const name = { scope: home, repositoryName: 'api' };
const digestOf = (text: string) => `sha256:${Buffer.from(text).toString('hex').padEnd(64, '0')}`;

async function openStore(): Promise<Store> {
  const clock = { now: () => new Date(0), sleep: () => Promise.resolve() };
  const onFatal = (error: Error) => {
    throw error;
  };
  const store = await createStore({
    database: createMemoryDisk(clock).open(),
    kinds: ecrKinds,
    log: silentLog,
    onFatal,
    strict: true,
  });
  await store.write((tx) => {
    const setting = {
      createdAt: 0,
      imageTagMutability: 'IMMUTABLE_WITH_EXCLUSION' as const,
      encryption: { encryptionType: 'AES256' as const },
      scanOnPush: false,
      exclusionFilters: ['m*'],
      tags: {},
    };
    tx.put(repositoryKind, repositoryKey(home, 'api'), {
      spec: { ...home, repositoryName: 'api', ...setting },
      status: null,
    });
  });
  return store;
}

const item = fc.constantFrom('a', 'b', 'c');
const tag = fc.constantFrom('v1', 'v2', 'm1');
const step = fc.oneof(
  fc.record({ do: fc.constant('layer' as const), item }),
  fc.record({ do: fc.constant('image' as const), item, tag: fc.option(tag, { nil: undefined }) }),
  fc.record({
    do: fc.constant('index' as const),
    item,
    of: fc.array(item, { maxLength: 2 }),
    tag: fc.option(tag, { nil: undefined }),
  }),
  fc.record({ do: fc.constant('untag' as const), tag }),
  fc.record({ do: fc.constant('delete' as const), item, index: fc.boolean() }),
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

function apply(tx: Tx, each: Step): void {
  const repository = repositoryIn(tx, name);
  const content = { mediaType: 'a/b', blobs: [] as string[], manifests: [] as string[], annotations: {} };
  switch (each.do) {
    case 'layer': {
      const spec = { digest: digestOf(`layer ${each.item}`), size: 7, uploadedAt: 0 };
      tx.put(layerKind, digestKey(repository.key, spec.digest), { spec, status: null });
      return;
    }
    case 'image': {
      const blobs = [digestOf(`layer ${each.item}`)];
      putImage(tx, name, {
        content: { ...content, blobs },
        digest: digestOf(`image ${each.item}`),
        size: 1,
        tag: each.tag,
        pushedAt: 0,
      });
      return;
    }
    case 'index': {
      const manifests = each.of.map((one) => digestOf(`image ${one}`));
      const digest = digestOf(`index ${each.item} of ${each.of.join('')}`);
      putImage(tx, name, { content: { ...content, manifests }, digest, size: 1, tag: each.tag, pushedAt: 0 });
      return;
    }
    case 'untag':
      return deleteTag(tx, repository, each.tag);
    case 'delete': {
      const index = imagesOf(tx, repository).find(({ spec }) => spec.digest.startsWith(digestOf('index').slice(0, 15)));
      const digest = each.index ? index?.spec.digest : digestOf(`image ${each.item}`);
      return deleteImage(tx, repository, digest ?? digestOf('none'));
    }
  }
}

function assertConsistent(reader: Reader): void {
  const repository = repositoryIn(reader, name);
  for (const { spec } of reader.list(tagKind)) {
    assert.equal(findImage(reader, repository, { imageTag: spec.tag })?.spec.digest, spec.digest);
  }
  for (const image of imagesOf(reader, repository)) {
    for (const digest of image.spec.references) {
      const key = digestKey(repository.key, digest);
      assert.ok(reader.get(layerKind, key) ?? reader.get(imageKind, key), `${digest} of ${image.key} is missing`);
    }
    for (const each of tagsOf(reader, image))
      assert.equal(findImage(reader, repository, { imageTag: each })?.key, image.key);
  }
}

test('tags name images that are there, and images have all that they need', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), async (steps) => {
      const store = await openStore();
      const immutable = new Map<string, string>();
      for (const each of steps) {
        await store.write((tx) => apply(tx, each)).catch((thrown: unknown) => assert.ok(thrown instanceof AwsError));
        store.read((reader) => {
          assertConsistent(reader);
          const now = new Map(reader.list(tagKind).map(({ spec }) => [spec.tag, spec.digest]));
          for (const [moved, digest] of immutable)
            assert.ok([digest, undefined].includes(now.get(moved)), `${moved} moved`);
          immutable.clear();
          for (const [kept, digest] of now) if (!kept.startsWith('m')) immutable.set(kept, digest);
        });
      }
      await store.close();
    }),
    { numRuns: 200 },
  );
});
