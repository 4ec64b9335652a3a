// Archived images are there and listed, but not given out.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestOf, dayMs, repositoryName, startShelf, type Shelf } from './lifecycle.fixture.ts';

function move({ call }: Shelf, targetStorageClass: 'ARCHIVE' | 'STANDARD', imageId: object = { imageTag: 'v1' }) {
  return call('UpdateImageStorageClass', { repositoryName, imageId, targetStorageClass });
}

async function statuses({ call }: Shelf, imageStatus?: 'ACTIVE' | 'ARCHIVED' | 'ACTIVATING' | 'ANY') {
  const filter = imageStatus === undefined ? {} : { imageStatus };
  const { imageDetails = [] } = await call('DescribeImages', { repositoryName, filter });
  const { imageIds = [] } = await call('ListImages', { repositoryName, filter });
  assert.deepEqual(
    new Set(imageIds.map((id) => id.imageDigest)),
    new Set(imageDetails.map((each) => each.imageDigest)),
  );
  return imageDetails.map((image) => image.imageStatus).join(' ');
}

test('an image is put into the archive and taken back', async (t) => {
  const shelf = await startShelf(t);
  const imageDigest = await shelf.push('a', { tag: 'v1' });
  const head = { registryId: '123456789012', repositoryName, imageId: { imageDigest, imageTag: 'v1' } };
  const archivedAt = shelf.clock.now();
  assert.deepEqual(await move(shelf, 'ARCHIVE'), { ...head, imageStatus: 'ARCHIVED' });
  assert.equal(await statuses(shelf), '');
  assert.equal(await statuses(shelf, 'ACTIVE'), '');
  assert.equal(await statuses(shelf, 'ACTIVATING'), '');
  assert.equal(await statuses(shelf, 'ARCHIVED'), 'ARCHIVED');
  assert.equal(await statuses(shelf, 'ANY'), 'ARCHIVED');
  const { images, failures } = await shelf.call('BatchGetImage', { repositoryName, imageIds: [{ imageTag: 'v1' }] });
  assert.deepEqual(images, []);
  assert.equal(failures?.[0]?.failureCode, 'ImageInaccessible');
  shelf.pass(dayMs);
  await move(shelf, 'ARCHIVE');
  assert.deepEqual(await move(shelf, 'STANDARD'), { ...head, imageStatus: 'ACTIVE' });
  const { imageDetails } = await shelf.call('DescribeImages', { repositoryName, imageIds: [{ imageTag: 'v1' }] });
  const { imageStatus, lastArchivedAt, lastActivatedAt } = imageDetails![0]!;
  assert.deepEqual([imageStatus, lastArchivedAt, lastActivatedAt], ['ACTIVE', archivedAt, shelf.clock.now()]);
});

test('an archived image that is pushed again is active again', async (t) => {
  const shelf = await startShelf(t);
  await shelf.push('a', { tag: 'v1' });
  await move(shelf, 'ARCHIVE');
  shelf.pass(dayMs);
  await shelf.push('a', { tag: 'v2' });
  assert.equal(await statuses(shelf), 'ACTIVE');
});

test('an archived image can be deleted, and one pushed later under its digest is another', async (t) => {
  const shelf = await startShelf(t);
  await shelf.push('a', { tag: 'v1' });
  await move(shelf, 'ARCHIVE');
  await shelf.call('BatchDeleteImage', { repositoryName, imageIds: [{ imageTag: 'v1' }] });
  await shelf.push('a', { tag: 'v1' });
  const { imageDetails } = await shelf.call('DescribeImages', { repositoryName });
  assert.equal(imageDetails![0]!.lastArchivedAt, undefined);
});

test('what a manifest list needs is archived after it', async (t) => {
  const shelf = await startShelf(t);
  const imageDigest = await shelf.push('a');
  await shelf.push('list', { tag: 'v1', lists: ['a'] });
  await assert.rejects(() => move(shelf, 'ARCHIVE', { imageDigest }), {
    code: 'ImageStorageClassUpdateNotSupportedException',
    message: `The requested image storage class update is not supported: the image is referenced by manifest list: [${digestOf('list')}]`,
  });
  await move(shelf, 'ARCHIVE');
  assert.equal((await move(shelf, 'ARCHIVE', { imageDigest })).imageStatus, 'ARCHIVED');
});

test('only images and classes that there are can be asked for', async (t) => {
  const shelf = await startShelf(t);
  const imageDigest = await shelf.push('a', { tag: 'v1' });
  await shelf.push('b', { tag: 'v2' });
  for (const id of [{ imageTag: 'v3' }, {}, { imageDigest, imageTag: 'v2' }, { imageDigest: digestOf('c') }]) {
    await assert.rejects(() => move(shelf, 'ARCHIVE', id), { code: 'ImageNotFoundException' });
  }
  await assert.rejects(() => move(shelf, 'COLD' as 'ARCHIVE'), {
    code: 'InvalidParameterException',
    message: /Member must satisfy enum value set: \[STANDARD, ARCHIVE\]/,
  });
});
