// Images that are pushed in one registry appear in another, whole, in order, and whatever fails on the way.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { elsewhere, home } from '#services/ecr/fixture.ts';
import { digestKey, repositoryKey, tagKey } from '#services/ecr/keys.ts';
import { imageKind, registryKind, tagKind } from '#services/ecr/kinds.ts';
import { replicationKind } from './kinds.ts';
import { scanKind } from '#services/ecr/scanning/kinds.ts';
import { europe, repositoryName, startReplicas } from './replication.fixture.ts';

const inEurope = 'eu-west-1 123456789012';
const there = { scope: europe, repositoryName };

test('what is pushed once there is a rule appears in another region, and what was there before does not', async (t) => {
  const ecr = await startReplicas(t);
  const old = await ecr.push('old', 'v0');
  await ecr.replicateTo(europe);
  const digest = await ecr.push('new', 'v1');
  assert.deepEqual(await ecr.statuses(digest), [`${inEurope} IN_PROGRESS`]);
  await ecr.step();
  assert.deepEqual(await ecr.statuses(digest), [`${inEurope} COMPLETE`]);
  assert.equal(await ecr.tagAt(europe, 'v1'), digest);
  assert.equal(await ecr.tagAt(europe, 'v0'), undefined);
  assert.deepEqual(await ecr.statuses(old), []);
  const { repositories } = await ecr.call('DescribeRepositories', {}, europe);
  assert.deepEqual(
    repositories?.map((each) => each.repositoryName),
    [repositoryName],
  );
  const { imageDetails } = await ecr.call('DescribeImages', { repositoryName }, europe);
  assert.deepEqual(
    imageDetails?.map(({ imageDigest, imageTags }) => [imageDigest, imageTags]),
    [[digest, ['v1']]],
  );
});

test('only repositories under a prefix are replicated, to each place once', async (t) => {
  const ecr = await startReplicas(t);
  const destination = { region: 'eu-west-1', registryId: home.account };
  const filter = (text: string) => ({ filter: text, filterType: 'PREFIX_MATCH' as const });
  const rules = [
    { destinations: [destination], repositoryFilters: [filter('prod'), filter('team/')] },
    { destinations: [destination, { ...destination, region: 'eu-north-1' }], repositoryFilters: [filter('te')] },
  ];
  const put = await ecr.call('PutReplicationConfiguration', { replicationConfiguration: { rules } });
  assert.deepEqual(put.replicationConfiguration, { rules });
  assert.deepEqual((await ecr.call('DescribeRegistry', {})).replicationConfiguration, { rules });
  await ecr.call('CreateRepository', { repositoryName: 'other' });
  await ecr.push('other', 'v1', { scope: home, repositoryName: 'other' });
  const digest = await ecr.push('mine', 'v1');
  await ecr.step();
  assert.deepEqual(await ecr.statuses(digest), ['eu-north-1 123456789012 COMPLETE', `${inEurope} COMPLETE`]);
  const { repositories } = await ecr.call('DescribeRepositories', {}, europe);
  assert.deepEqual(
    repositories?.map((each) => each.repositoryName),
    [repositoryName],
  );
});

test('a tag that moves, moves there too, in whichever order the copies are made', async (t) => {
  const ecr = await startReplicas(t);
  await ecr.replicateTo(europe);
  const first = await ecr.push('first', 'latest');
  const second = await ecr.push('second', 'latest');
  await ecr.step();
  assert.equal(await ecr.tagAt(europe, 'latest'), second);
  await ecr.push('first', 'latest');
  assert.deepEqual(await ecr.statuses(first), [`${inEurope} IN_PROGRESS`]);
  await ecr.step();
  assert.equal(await ecr.tagAt(europe, 'latest'), first);
  await ecr.push('first', 'v1');
  await ecr.step();
  assert.equal(await ecr.tagAt(europe, 'v1'), first);
});

test('an index brings its images, also those that were pushed before there was a rule', async (t) => {
  const ecr = await startReplicas(t);
  const images = [await ecr.push('amd64', undefined), await ecr.push('arm64', undefined)];
  await ecr.replicateTo(europe);
  const nested = await ecr.pushIndex([images[0]!], undefined);
  const index = await ecr.pushIndex([nested, images[1]!], 'v1');
  await ecr.step();
  assert.equal(await ecr.tagAt(europe, 'v1'), index);
  const { imageDetails = [] } = await ecr.call('DescribeImages', { repositoryName }, europe);
  assert.deepEqual(new Set(imageDetails.map(({ imageDigest }) => imageDigest)), new Set([...images, nested, index]));
});

test('deletions stay where they are, and what is deleted before its copy is not copied', async (t) => {
  const ecr = await startReplicas(t);
  await ecr.replicateTo(europe);
  const kept = await ecr.push('kept', 'v1');
  await ecr.step();
  const lost = await ecr.push('lost', 'v2');
  for (const imageTag of ['v1', 'v2']) {
    await ecr.call('BatchDeleteImage', { repositoryName, imageIds: [{ imageTag }] });
  }
  await ecr.step();
  assert.equal(await ecr.tagAt(europe, 'v1'), kept);
  assert.equal(await ecr.tagAt(europe, 'v2'), undefined);
  await assert.rejects(ecr.statuses(lost), { code: 'ImageNotFoundException' });
});

test('a copy that is made while its image is deleted is not made', async (t) => {
  const ecr = await startReplicas(t);
  await ecr.replicateTo(europe);
  await ecr.push('lost', 'v1');
  let deleting: Promise<unknown> | undefined;
  const imageIds = [{ imageTag: 'v1' }];
  ecr.world.beforeLink = () => (deleting ??= ecr.call('BatchDeleteImage', { repositoryName, imageIds }));
  await ecr.step();
  assert.ok(deleting);
  assert.deepEqual((await ecr.call('DescribeRepositories', {}, europe)).repositories, []);
});

test('what came by replication is not replicated further', async (t) => {
  const ecr = await startReplicas(t);
  const north = { ...home, region: 'eu-north-1' };
  await ecr.replicateTo(europe);
  const destinations = [{ region: north.region, registryId: home.account }];
  await ecr.call('PutReplicationConfiguration', { replicationConfiguration: { rules: [{ destinations }] } }, europe);
  await ecr.push('image', 'v1');
  await ecr.step();
  await ecr.step();
  assert.ok(await ecr.tagAt(europe, 'v1'));
  assert.equal(await ecr.tagAt(north, 'v1'), undefined);
  const own = await ecr.push('pushed there', 'v2', there);
  await ecr.step();
  assert.equal(await ecr.tagAt(north, 'v2'), own);
});

test('where a tag is immutable the image arrives without it, and the status says why', async (t) => {
  const ecr = await startReplicas(t);
  await ecr.call('CreateRepository', { repositoryName, imageTagMutability: 'IMMUTABLE' }, europe);
  await ecr.replicateTo(europe);
  const own = await ecr.push('their own', 'v1', there);
  const digest = await ecr.push('mine', 'v1');
  await ecr.step();
  assert.equal(await ecr.tagAt(europe, 'v1'), own);
  assert.deepEqual(await ecr.statuses(digest), [`${inEurope} FAILED ImageTagAlreadyExistsException`]);
  const { imageDetails } = await ecr.call(
    'DescribeImages',
    { repositoryName, imageIds: [{ imageDigest: digest }] },
    europe,
  );
  assert.deepEqual(
    imageDetails?.map(({ imageTags }) => imageTags),
    [undefined],
  );
  await ecr.call('BatchDeleteImage', { repositoryName, imageIds: [{ imageTag: 'v1' }] }, europe);
  await ecr.step();
  assert.equal(await ecr.tagAt(europe, 'v1'), undefined, 'not before its time');
  await ecr.push('their own', 'v1', there);
  await ecr.call('PutImageTagMutability', { repositoryName, imageTagMutability: 'MUTABLE' }, europe);
  await ecr.step();
  assert.equal(await ecr.tagAt(europe, 'v1'), digest);
  assert.deepEqual(await ecr.statuses(digest), [`${inEurope} COMPLETE`]);
});

test('another account’s registry decides', async (t) => {
  const ecr = await startReplicas(t);
  await ecr.replicateTo(elsewhere);
  const digest = await ecr.push('image', 'v1');
  await ecr.step();
  assert.deepEqual(await ecr.statuses(digest), ['eu-west-1 210987654321 FAILED AccessDeniedException']);
  assert.deepEqual((await ecr.call('DescribeRepositories', {}, elsewhere)).repositories, []);
  const asked: unknown[] = [];
  ecr.world.allows = (_reader, from, to) => asked.push([from, to]) > 0;
  ecr.clock.set(new Date(ecr.clock.now().getTime() + 1000));
  await ecr.step();
  assert.deepEqual(asked[0], [home, { scope: elsewhere, repositoryName }]);
  assert.deepEqual(await ecr.statuses(digest), ['eu-west-1 210987654321 COMPLETE']);
  assert.equal(await ecr.tagAt(elsewhere, 'v1'), digest);
});

test('nothing of an image is seen as long as bytes are missing, and a failure is told and tried again', async (t) => {
  const ecr = await startReplicas(t);
  await ecr.replicateTo(europe);
  const images = [await ecr.push('one', undefined), await ecr.push('two', undefined)];
  const index = await ecr.pushIndex(images, 'v1');
  let links = 0;
  ecr.world.beforeLink = () => {
    links += 1;
    if (links === 3) throw new Error('the disk is full');
  };
  await assert.rejects(ecr.step(), /the disk is full/);
  ecr.world.beforeLink = () => {};
  const codes = (await Promise.all([...images, index].map((each) => ecr.statuses(each)))).flat();
  assert.ok(codes.includes(`${inEurope} FAILED ServerException`), String(codes));
  assert.equal(await ecr.tagAt(europe, 'v1'), undefined);
  ecr.clock.set(new Date(ecr.clock.now().getTime() + 1000));
  await ecr.step();
  assert.equal(await ecr.tagAt(europe, 'v1'), index);
  assert.deepEqual(await ecr.statuses(index), [`${inEurope} COMPLETE`]);
});

test('bytes that the source has lost are told', async (t) => {
  const ecr = await startReplicas(t);
  await ecr.replicateTo(europe);
  const digest = await ecr.push('image', 'v1');
  await ecr.blobs.delete('123456789012.us-east-1', digest);
  await ecr.step();
  assert.deepEqual(await ecr.statuses(digest), [`${inEurope} FAILED LayersNotFoundException`]);
  assert.deepEqual((await ecr.call('DescribeRepositories', {}, europe)).repositories, []);
});

test('an index from a pull-through cache goes along once all its images are here', async (t) => {
  const ecr = await startReplicas(t);
  await ecr.replicateTo(europe);
  const image = await ecr.push('image', 'v1');
  const index = await ecr.pushIndex([image], 'v2');
  await ecr.store.write((tx) => {
    const key = digestKey(repositoryKey(home, repositoryName), image);
    for (const each of tx.by(replicationKind, 'image', key)) tx.delete(replicationKind, each.key);
    tx.delete(tagKind, tagKey(repositoryKey(home, repositoryName), 'v1'));
    tx.delete(imageKind, key);
  });
  await ecr.step();
  assert.deepEqual(await ecr.statuses(index), [`${inEurope} FAILED ReferencedImagesNotFoundException`]);
  assert.equal(await ecr.tagAt(europe, 'v2'), undefined);
  await ecr.push('image', undefined);
  ecr.clock.set(new Date(ecr.clock.now().getTime() + 1000));
  await ecr.step();
  assert.equal(await ecr.tagAt(europe, 'v2'), index);
});

test('an image arrives as if it was pushed: it is scanned where pushes are, and taken back from the archive', async (t) => {
  const ecr = await startReplicas(t);
  const imageScanningConfiguration = { scanOnPush: true };
  await ecr.call('CreateRepository', { repositoryName, imageScanningConfiguration }, europe);
  await ecr.replicateTo(europe);
  const digest = await ecr.push('image', 'v1');
  const key = digestKey(repositoryKey(europe, repositoryName), digest);
  const scan = () => ecr.store.read((reader) => reader.get(scanKind, key)?.status);
  await ecr.step();
  assert.deepEqual(scan(), { state: 'PENDING' });
  const imageId = { imageDigest: digest };
  const archive = { repositoryName, imageId, targetStorageClass: 'ARCHIVE' as const };
  await ecr.call('UpdateImageStorageClass', archive, europe);
  await ecr.push('image', 'v1');
  await ecr.step();
  const { imageDetails } = await ecr.call('DescribeImages', { repositoryName, imageIds: [imageId] }, europe);
  assert.equal(imageDetails?.[0]?.imageStatus, 'ACTIVE');
});

test('what failed is tried again as soon as the destination’s settings change', async (t) => {
  const ecr = await startReplicas(t);
  await ecr.replicateTo(elsewhere);
  const digest = await ecr.push('image', 'v1');
  await ecr.step();
  assert.deepEqual(await ecr.statuses(digest), ['eu-west-1 210987654321 FAILED AccessDeniedException']);
  ecr.world.allows = () => true;
  const changes = ecr.store.watch([registryKind.name], AbortSignal.timeout(10_000))[Symbol.asyncIterator]();
  const changed = changes.next();
  await ecr.call('PutAccountSetting', { name: 'REGISTRY_POLICY_SCOPE', value: 'V2' }, elsewhere);
  const concerned = ecr.store.read((reader) => reader.list(replicationKind).map(({ key }) => key));
  assert.deepEqual(ecr.concerns((await changed).value!), concerned);
  await ecr.step();
  assert.deepEqual(await ecr.statuses(digest), ['eu-west-1 210987654321 COMPLETE']);
});
