// Policies that expire and archive the images of a real store, as time passes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { repositoryKey } from '#services/ecr/keys.ts';
import { imageKind, tagKind } from '#services/ecr/kinds.ts';
import { lifecyclePolicyKind } from './kinds.ts';
import { home } from '#services/ecr/fixture.ts';
import type { Change } from '#kernel/store.ts';
import { digestOf, dayMs, minuteMs, policyText, repositoryName, startShelf, type Shelf } from './lifecycle.fixture.ts';

const keepTwo = { selection: { tagStatus: 'any', countType: 'imageCountMoreThan', countNumber: 2 } };
const untagged = { selection: { tagStatus: 'untagged', countType: 'imageCountMoreThan', countNumber: 1 } };
const thirtyDays = {
  selection: { tagStatus: 'any', countType: 'sinceImagePushed', countUnit: 'days', countNumber: 30 },
};
const hourMs = 3_600_000;

function put({ call }: Shelf, ...rules: readonly object[]) {
  return call('PutLifecyclePolicy', { repositoryName, lifecyclePolicyText: policyText(...rules) });
}

test('images beyond a count go, the oldest first, and when they did is told', async (t) => {
  const shelf = await startShelf(t);
  for (const word of ['a', 'b', 'c', 'd']) {
    await shelf.push(word, { tag: word });
    shelf.pass(minuteMs);
  }
  await put(shelf, keepTwo);
  assert.equal('lastEvaluatedAt' in (await shelf.call('GetLifecyclePolicy', { repositoryName })), false);
  assert.deepEqual(await shelf.step('ecr/lifecycle'), { againIn: hourMs });
  assert.equal(await shelf.left('a', 'b', 'c', 'd'), 'c d');
  const { lastEvaluatedAt } = await shelf.call('GetLifecyclePolicy', { repositoryName });
  assert.deepEqual(lastEvaluatedAt, shelf.clock.now());
  assert.deepEqual((await shelf.call('ListImages', { repositoryName })).imageIds, [
    { imageDigest: digestOf('c'), imageTag: 'c' },
    { imageDigest: digestOf('d'), imageTag: 'd' },
  ]);
});

test('an image goes once it is older than its rule’s days, not before', async (t) => {
  const shelf = await startShelf(t);
  await shelf.push('a', { tag: 'a' });
  await put(shelf, thirtyDays);
  shelf.pass(30 * dayMs);
  await shelf.step('ecr/lifecycle');
  assert.equal(await shelf.left('a'), 'a');
  shelf.pass(1001);
  await shelf.step('ecr/lifecycle');
  assert.equal(await shelf.left('a'), '');
});

test('what a push in progress has put without a tag is counted but left for a quarter of an hour', async (t) => {
  const shelf = await startShelf(t);
  await shelf.push('a');
  shelf.pass(minuteMs);
  await shelf.push('b');
  await put(shelf, untagged);
  assert.deepEqual(await shelf.step('ecr/lifecycle'), { againIn: 14 * minuteMs });
  assert.equal(await shelf.left('a', 'b'), 'a b');
  shelf.pass(14 * minuteMs);
  await shelf.step('ecr/lifecycle');
  assert.equal(await shelf.left('a', 'b'), 'b');
});

test('a manifest list keeps what it lists, and both go in one evaluation', async (t) => {
  const shelf = await startShelf(t);
  for (const word of ['a', 'b']) await shelf.push(word);
  await shelf.push('list', { tag: 'v1', lists: ['a', 'b'] });
  shelf.pass(20 * minuteMs);
  await put(shelf, untagged);
  await shelf.step('ecr/lifecycle');
  assert.equal(await shelf.left('a', 'b', 'list'), 'a b list');
  await put(shelf, thirtyDays);
  shelf.pass(31 * dayMs);
  await shelf.step('ecr/lifecycle');
  assert.equal(await shelf.left('a', 'b', 'list'), '');
});

test('a signature goes with what it signs', async (t) => {
  const shelf = await startShelf(t);
  await shelf.push('a', { tag: 'a' });
  await shelf.push('signature of a', { about: 'a' });
  shelf.pass(dayMs);
  await shelf.push('b', { tag: 'b' });
  await shelf.push('signature of b', { about: 'b' });
  await put(shelf, { selection: { ...keepTwo.selection, countNumber: 1 } });
  await shelf.step('ecr/lifecycle');
  assert.equal(await shelf.left('a', 'signature of a', 'b', 'signature of b'), 'b signature of b');
});

test('images are archived, and archived ones expire', async (t) => {
  const shelf = await startShelf(t);
  await shelf.push('a', { tag: 'a' });
  const archiving = { ...thirtyDays, action: { type: 'transition', targetStorageClass: 'archive' } };
  const selection = {
    ...thirtyDays.selection,
    countType: 'sinceImageTransitioned',
    storageClass: 'archive',
    countNumber: 90,
  };
  await put(shelf, archiving, { selection });
  shelf.pass(31 * dayMs);
  const archivedAt = shelf.clock.now();
  await shelf.step('ecr/lifecycle');
  const archived = { repositoryName, filter: { imageStatus: 'ARCHIVED' as const } };
  const { imageDetails = [] } = await shelf.call('DescribeImages', archived);
  assert.deepEqual(imageDetails[0]?.lastArchivedAt, archivedAt);
  assert.equal(imageDetails[0]?.imageStatus, 'ARCHIVED');
  shelf.pass(90 * dayMs);
  await shelf.step('ecr/lifecycle');
  assert.equal(await shelf.left('a'), 'a');
  shelf.pass(dayMs);
  await shelf.step('ecr/lifecycle');
  assert.equal(await shelf.left('a'), '');
});

test('hundreds of images go in transactions of a hundred', async (t) => {
  const shelf = await startShelf(t);
  for (let at = 0; at < 250; at += 1) await shelf.push(`i${at}`, { tag: `i${at}` });
  await put(shelf, keepTwo);
  const deletions: number[] = [];
  const { write } = shelf.store;
  shelf.store.write = (work) =>
    write.call(shelf.store, (tx) => {
      const before = tx.list(imageKind).length;
      const result = work(tx);
      deletions.push(before - tx.list(imageKind).length);
      return result;
    }) as never;
  await shelf.step('ecr/lifecycle');
  assert.deepEqual(deletions, [100, 100, 48]);
});

test('a policy that is taken away between two transactions takes no further image', async (t) => {
  const shelf = await startShelf(t);
  for (let at = 0; at < 250; at += 1) await shelf.push(`i${at}`, { tag: `i${at}` });
  await put(shelf, keepTwo);
  const step = shelf.step('ecr/lifecycle');
  await shelf.call('DeleteLifecyclePolicy', { repositoryName });
  await step;
  assert.equal(
    shelf.store.read((reader) => reader.list(imageKind).length),
    150,
  );
});

test('an image that is tagged anew between two transactions stays', async (t) => {
  const shelf = await startShelf(t);
  for (let at = 0; at < 150; at += 1) {
    await shelf.push(`i${at}`, { tag: `i${at}` });
    shelf.pass(1);
  }
  await put(shelf, {
    selection: { tagStatus: 'tagged', tagPatternList: ['i*'], countType: 'imageCountMoreThan', countNumber: 1 },
  });
  const step = shelf.step('ecr/lifecycle');
  await shelf.push('i120', { tag: 'kept' });
  await step;
  assert.equal(await shelf.left('i119', 'i120', 'i149'), 'i120 i149');
});

test('a repository is looked at once a second at most', async (t) => {
  const shelf = await startShelf(t);
  await put(shelf, keepTwo);
  await shelf.step('ecr/lifecycle');
  shelf.pass(400);
  for (const word of ['a', 'b', 'c']) await shelf.push(word, { tag: word });
  assert.deepEqual(await shelf.step('ecr/lifecycle'), { againIn: 600 });
  shelf.pass(600);
  await shelf.step('ecr/lifecycle');
  assert.equal((await shelf.call('ListImages', { repositoryName })).imageIds?.length, 2);
});

test('pushes, tags and new policies concern it; what it does itself does not', async (t) => {
  const shelf = await startShelf(t);
  const key = repositoryKey(home, repositoryName);
  const reconciler = shelf.ecr.reconcilers.find(({ name }) => name === 'ecr/lifecycle')!;
  const kinds = [imageKind.name, tagKind.name, lifecyclePolicyKind.name];
  assert.deepEqual(new Set(reconciler.watches), new Set(kinds));
  const changes: Change[] = [];
  const ended = new AbortController();
  const watching = (async () => {
    for await (const change of shelf.store.watch(kinds, ended.signal)) changes.push(change);
  })();
  const concerned = () =>
    shelf.store.read((reader) => changes.splice(0).flatMap((each) => reconciler.concerns(each, reader)));
  await shelf.push('a', { tag: 'a' });
  await shelf.store.durable();
  assert.deepEqual(concerned(), []);
  await put(shelf, { selection: { ...keepTwo.selection, countNumber: 1 } });
  await shelf.push('b', { tag: 'v1.0_x' });
  assert.deepEqual(concerned(), [key, key, key]);
  await shelf.step('ecr/lifecycle');
  assert.equal(await shelf.left('a', 'b'), 'b');
  assert.deepEqual(concerned(), []);
  assert.deepEqual(
    shelf.store.read((reader) => reconciler.all(reader)),
    [key],
  );
  ended.abort();
  await watching;
});
