// Lists of images: every page together is the whole, whatever is filtered, and pages cost what they show.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { imageKind, tagKind } from './kinds.ts';
import { digestOf, repositoryName, startShelf, type Shelf } from './lifecycle/lifecycle.fixture.ts';

type Filter = NonNullable<Parameters<typeof listed>[1]>;

/** All pages of a list, each of at most `maxResults`. */
async function listed(
  shelf: Shelf,
  filter?: { tagStatus?: 'TAGGED' | 'UNTAGGED' | 'ANY'; imageStatus?: 'ACTIVE' | 'ARCHIVED' | 'ANY' },
  maxResults = 1000,
): Promise<string[]> {
  const ids: string[] = [];
  let nextToken: string | undefined;
  do {
    const page = await shelf.call('ListImages', { repositoryName, filter, maxResults, nextToken });
    assert.ok(page.imageIds!.length <= maxResults);
    ids.push(...page.imageIds!.map(({ imageDigest, imageTag }) => `${imageDigest} ${imageTag ?? '-'}`));
    ({ nextToken } = page);
  } while (nextToken !== undefined);
  return ids;
}

async function described(shelf: Shelf, filter: Filter, maxResults: number): Promise<string[]> {
  const digests: string[] = [];
  let nextToken: string | undefined;
  do {
    const page = await shelf.call('DescribeImages', { repositoryName, filter, maxResults, nextToken });
    assert.ok(page.imageDetails!.length <= maxResults);
    digests.push(...page.imageDetails!.map(({ imageDigest }) => imageDigest!));
    ({ nextToken } = page);
  } while (nextToken !== undefined);
  return digests;
}

test('every page together is the whole list, for any images, filter and size of a page', async (t) => {
  const image = fc.record({
    tags: fc.uniqueArray(fc.constantFrom('v1', 'v2', 'V', '0.1', 'x_y'), { maxLength: 3 }),
    cold: fc.boolean(),
  });
  const filter = fc.record(
    {
      tagStatus: fc.constantFrom('TAGGED' as const, 'UNTAGGED' as const, 'ANY' as const),
      imageStatus: fc.constantFrom('ACTIVE' as const, 'ARCHIVED' as const, 'ANY' as const),
    },
    { requiredKeys: [] },
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(image, { maxLength: 7 }),
      filter,
      fc.integer({ min: 1, max: 4 }),
      async (images, asked, size) => {
        const shelf = await startShelf(t);
        const tags = new Map<string, string>();
        for (const [at, each] of images.entries()) {
          await shelf.push(`i${at}`);
          for (const tag of each.tags) {
            await shelf.push(`i${at}`, { tag });
            tags.set(tag, `i${at}`);
          }
        }
        for (const [at, { cold }] of images.entries()) {
          const imageId = { imageDigest: digestOf(`i${at}`) };
          if (cold)
            await shelf.call('UpdateImageStorageClass', { repositoryName, imageId, targetStorageClass: 'ARCHIVE' });
        }
        const { tagStatus = 'ANY', imageStatus = 'ACTIVE' } = asked;
        const wanted = images.flatMap(({ cold }, at) => {
          const own = [...tags].filter(([, word]) => word === `i${at}`).map(([tag]) => tag);
          const isWanted =
            (imageStatus === 'ANY' || (imageStatus === 'ARCHIVED') === cold) &&
            (tagStatus === 'ANY' || (tagStatus === 'TAGGED') === own.length > 0);
          return isWanted ? [{ digest: digestOf(`i${at}`), tags: own.length === 0 ? ['-'] : own }] : [];
        });
        assert.deepEqual(
          (await listed(shelf, asked, size)).toSorted(),
          wanted.flatMap(({ digest, tags: own }) => own.map((tag) => `${digest} ${tag}`)).toSorted(),
        );
        assert.deepEqual(await described(shelf, asked, size), wanted.map(({ digest }) => digest).toSorted());
      },
    ),
    { numRuns: 60 },
  );
});

test('a page goes on where the last one ended, though that was deleted meanwhile', async (t) => {
  const shelf = await startShelf(t);
  for (const word of ['a', 'b', 'c', 'd']) await shelf.push(word, { tag: word });
  const first = await shelf.call('ListImages', { repositoryName, maxResults: 2 });
  await shelf.call('BatchDeleteImage', { repositoryName, imageIds: [{ imageTag: 'b' }] });
  const second = await shelf.call('ListImages', { repositoryName, maxResults: 2, nextToken: first.nextToken });
  assert.deepEqual(
    second.imageIds?.map(({ imageTag }) => imageTag),
    ['c', 'd'],
  );
  assert.equal(second.nextToken, undefined);
});

test('a page of many images looks at few more than it shows', async (t) => {
  const shelf = await startShelf(t);
  for (let at = 0; at < 1000; at += 1) await shelf.push(`i${at}`, at % 2 === 0 ? { tag: `v${at}` } : {});
  let looked = 0;
  const { read } = shelf.store;
  shelf.store.read = (work) =>
    read.call(shelf.store, (reader) =>
      work({
        ...reader,
        list: (kind, prefix, window) => {
          const found = reader.list(kind, prefix, window);
          if (kind.name === imageKind.name || kind.name === tagKind.name) looked += found.length;
          return found;
        },
      }),
    ) as never;
  for (const operation of ['ListImages', 'DescribeImages'] as const) {
    looked = 0;
    const { nextToken } = await shelf.call(operation, { repositoryName, maxResults: 10 });
    await shelf.call(operation, { repositoryName, maxResults: 10, nextToken });
    assert.ok(looked <= 2 * 128, `${operation} looked at ${looked}`);
  }
});

test('an image is described by its digest and tag only where they belong together', async (t) => {
  const shelf = await startShelf(t);
  const imageDigest = await shelf.push('a', { tag: 'v1' });
  await shelf.push('b', { tag: 'v2' });
  const describe = (...imageIds: object[]) => shelf.call('DescribeImages', { repositoryName, imageIds });
  const { imageDetails } = await describe({ imageTag: 'v1' }, { imageDigest }, { imageDigest, imageTag: 'v1' });
  assert.deepEqual(
    imageDetails?.map((image) => image.imageDigest),
    [imageDigest],
  );
  await assert.rejects(() => describe({ imageDigest, imageTag: 'v2' }), { code: 'ImageNotFoundException' });
});
