// ecr's operations on the real store.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { Blobs } from '#drivers/blobs.ts';
import { createFsBlobs } from '#drivers/blobs-fs/fs-blobs.ts';
import { createFixture, elsewhere, home, type Fixture } from './fixture.ts';
import { configType, imageType, pushImage } from './pushed-image.fixture.ts';

async function start(t: TestContext): Promise<Fixture & { blobs: Blobs }> {
  const directory = await mkdtemp(join(tmpdir(), 'berth-ecr-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const blobs = createFsBlobs(directory);
  return { ...(await createFixture({ blobs })), blobs };
}

/** Puts an image of one 100-byte configuration into a repository, as the registry does; gives its digest. */
function push(ecr: Awaited<ReturnType<typeof start>>, repositoryName: string, tag: string | undefined, content = 'x') {
  const image = { content: content.padEnd(100) };
  return pushImage(ecr, { scope: home, repositoryName }, { ...image, ...(tag !== undefined && { tag }) });
}

test('a repository is created, described and deleted', async (t) => {
  const { call } = await start(t);
  const { repository } = await call('CreateRepository', { repositoryName: 'team/api' });
  assert.deepEqual(repository, {
    repositoryArn: 'arn:aws:ecr:us-east-1:123456789012:repository/team/api',
    registryId: '123456789012',
    repositoryName: 'team/api',
    repositoryUri: 'localhost:4566/team/api',
    createdAt: new Date('2026-01-01T00:00:00Z'),
    imageTagMutability: 'MUTABLE',
    imageScanningConfiguration: { scanOnPush: false },
    encryptionConfiguration: { encryptionType: 'AES256' },
  });
  assert.deepEqual((await call('DescribeRepositories', {})).repositories, [repository]);
  assert.deepEqual((await call('DeleteRepository', { repositoryName: 'team/api' })).repository, repository);
  assert.deepEqual((await call('DescribeRepositories', {})).repositories, []);
});

test('a repository is there once, and its absence is told in AWS’s words', async (t) => {
  const { call } = await start(t);
  await call('CreateRepository', { repositoryName: 'api' });
  await assert.rejects(call('CreateRepository', { repositoryName: 'api' }), {
    code: 'RepositoryAlreadyExistsException',
    message: "The repository with name 'api' already exists in the registry with id '123456789012'",
  });
  const missing = {
    code: 'RepositoryNotFoundException',
    message: "The repository with name 'no' does not exist in the registry with id '123456789012'",
  };
  const repositoryName = 'no';
  await assert.rejects(call('DescribeRepositories', { repositoryNames: ['api', 'no'] }), missing);
  await assert.rejects(call('DeleteRepository', { repositoryName }), missing);
  await assert.rejects(call('ListImages', { repositoryName }), missing);
  await assert.rejects(call('DescribeImages', { repositoryName }), missing);
  await assert.rejects(call('BatchGetImage', { repositoryName, imageIds: [{ imageTag: 'v1' }] }), missing);
  await assert.rejects(call('BatchDeleteImage', { repositoryName, imageIds: [{ imageTag: 'v1' }] }), missing);
  await assert.rejects(call('PutImageTagMutability', { repositoryName, imageTagMutability: 'MUTABLE' }), missing);
});

test('names and settings that AWS refuses are refused', async (t) => {
  const { call } = await start(t);
  const code = { code: 'InvalidParameterException' };
  for (const repositoryName of ['A', 'x', 'a//b', ''])
    await assert.rejects(call('CreateRepository', { repositoryName }), code);
  await assert.rejects(call('CreateRepository', { repositoryName: 'x'.repeat(257) }), {
    message:
      "Invalid parameter at 'repositoryName' failed to satisfy constraint: 'Member must have length less than or equal to 256'",
  });
  await assert.rejects(call('DescribeRepositories', { repositoryNames: ['api'], maxResults: 1 }), code);
});

test('accounts and regions are apart, also in their URIs', async (t) => {
  const { call } = await start(t);
  await call('CreateRepository', { repositoryName: 'api' });
  const other = await call('CreateRepository', { repositoryName: 'api' }, elsewhere);
  assert.equal(other.repository?.repositoryUri, 'localhost:4566/210987654321.eu-west-1/api');
  await assert.rejects(call('DescribeRepositories', { registryId: elsewhere.account }), {
    code: 'AccessDeniedException',
    message:
      /^User: arn:aws:iam::123456789012:root is not authorized to perform: ecr:DescribeRepositories on resource: arn:/,
  });
  await call('DeleteRepository', { repositoryName: 'api' });
  assert.equal((await call('DescribeRepositories', {}, elsewhere)).repositories?.length, 1);
});

test('repositories come in pages, in order of their names', async (t) => {
  const { call } = await start(t);
  for (const repositoryName of ['cc', 'aa', 'bb/aa', 'bb']) await call('CreateRepository', { repositoryName });
  const first = await call('DescribeRepositories', { maxResults: 3 });
  const rest = await call('DescribeRepositories', { maxResults: 3, nextToken: first.nextToken });
  const names = [...first.repositories!, ...rest.repositories!].map((each) => each.repositoryName);
  assert.deepEqual(names, ['aa', 'bb', 'bb/aa', 'cc']);
  assert.equal(rest.nextToken, undefined);
});

test('a repository with images is deleted by force only, and its neighbour keeps its own', async (t) => {
  const ecr = await start(t);
  for (const repositoryName of ['api', 'api/two']) await ecr.call('CreateRepository', { repositoryName });
  await push(ecr, 'api', 'v1');
  await push(ecr, 'api/two', 'v1');
  await assert.rejects(ecr.call('DeleteRepository', { repositoryName: 'api' }), {
    code: 'RepositoryNotEmptyException',
    message:
      "The repository with name 'api' in registry with id '123456789012' cannot be deleted because it still contains images",
  });
  await ecr.call('DeleteRepository', { repositoryName: 'api', force: true });
  assert.equal((await ecr.call('ListImages', { repositoryName: 'api/two' })).imageIds?.length, 1);
  await ecr.call('CreateRepository', { repositoryName: 'api' });
  assert.deepEqual((await ecr.call('ListImages', { repositoryName: 'api' })).imageIds, []);
});

test('images are listed by tag and described by digest', async (t) => {
  const ecr = await start(t);
  const repositoryName = 'api';
  await ecr.call('CreateRepository', { repositoryName });
  const one = await push(ecr, 'api', 'v1', 'one');
  await push(ecr, 'api', 'latest', 'one');
  const two = await push(ecr, 'api', undefined, 'two');
  const list = async (tagStatus?: 'TAGGED' | 'UNTAGGED' | 'ANY') =>
    (await ecr.call('ListImages', { repositoryName, filter: { tagStatus } })).imageIds!.map(
      (id) => id.imageTag ?? id.imageDigest,
    );
  assert.deepEqual((await list()).toSorted(), ['latest', two.digest, 'v1'].toSorted());
  assert.deepEqual(await list('TAGGED'), ['latest', 'v1']);
  assert.deepEqual(await list('UNTAGGED'), [two.digest]);
  const { imageDetails } = await ecr.call('DescribeImages', { repositoryName, imageIds: [{ imageTag: 'v1' }] });
  assert.deepEqual(imageDetails, [
    {
      registryId: '123456789012',
      repositoryName: 'api',
      imageDigest: one.digest,
      imageTags: ['latest', 'v1'],
      imageSizeInBytes: 100,
      imagePushedAt: new Date('2026-01-01T00:00:00Z'),
      imageManifestMediaType: imageType,
      artifactMediaType: configType,
      imageStatus: 'ACTIVE',
    },
  ]);
  assert.equal((await ecr.call('DescribeImages', { repositoryName })).imageDetails?.length, 2);
  await assert.rejects(ecr.call('DescribeImages', { repositoryName, imageIds: [{ imageTag: 'v9' }] }), {
    code: 'ImageNotFoundException',
    message:
      "The image with imageId {imageDigest:'null', imageTag:'v9'} does not exist within the repository with name 'api' in the registry with id '123456789012'",
  });
  const first = await ecr.call('ListImages', { repositoryName, maxResults: 2 });
  const rest = await ecr.call('ListImages', { repositoryName, maxResults: 2, nextToken: first.nextToken });
  assert.deepEqual([first.imageIds?.length, rest.imageIds?.length, rest.nextToken], [2, 1, undefined]);
});

test('manifests are fetched, and what cannot be is told one by one', async (t) => {
  const ecr = await start(t);
  const repositoryName = 'api';
  await ecr.call('CreateRepository', { repositoryName });
  const { digest, manifest } = await push(ecr, 'api', 'v1');
  const other = `sha256:${'0'.repeat(64)}`;
  const imageIds = [
    { imageTag: 'v1' },
    { imageTag: 'v9' },
    {},
    { imageDigest: 'sha256:short' },
    { imageTag: '.bad' },
    { imageDigest: other },
    { imageDigest: digest, imageTag: 'v9' },
  ];
  const { images, failures } = await ecr.call('BatchGetImage', { repositoryName, imageIds });
  assert.deepEqual(images, [
    {
      registryId: '123456789012',
      repositoryName,
      imageId: { imageDigest: digest, imageTag: 'v1' },
      imageManifest: manifest,
      imageManifestMediaType: imageType,
    },
  ]);
  assert.deepEqual(
    failures?.map(({ failureCode }) => failureCode),
    [
      'ImageNotFound',
      'MissingDigestAndTag',
      'InvalidImageDigest',
      'InvalidImageTag',
      'ImageNotFound',
      'ImageTagDoesNotMatchDigest',
    ],
  );
});

test('images are deleted tag by tag or whole', async (t) => {
  const ecr = await start(t);
  const repositoryName = 'api';
  await ecr.call('CreateRepository', { repositoryName });
  const one = await push(ecr, 'api', 'v1', 'one');
  await push(ecr, 'api', 'v2', 'one');
  const two = await push(ecr, 'api', 'w1', 'two');
  await push(ecr, 'api', 'w2', 'two');
  const remove = (...imageIds: { imageTag?: string; imageDigest?: string }[]) =>
    ecr.call('BatchDeleteImage', { repositoryName, imageIds });
  assert.deepEqual((await remove({ imageTag: 'v1' })).imageIds, [{ imageDigest: one.digest, imageTag: 'v1' }]);
  assert.equal((await ecr.call('ListImages', { repositoryName })).imageIds?.length, 3);
  const { imageIds, failures } = await remove(
    { imageTag: 'v2' },
    { imageTag: 'v2' },
    { imageDigest: two.digest },
    { imageTag: 'w1' },
  );
  assert.deepEqual(imageIds, [
    { imageDigest: one.digest, imageTag: 'v2' },
    { imageDigest: two.digest, imageTag: 'w1' },
    { imageDigest: two.digest, imageTag: 'w2' },
  ]);
  assert.deepEqual(failures, [
    { imageId: { imageTag: 'w1' }, failureCode: 'ImageNotFound', failureReason: 'Requested image not found' },
  ]);
  assert.deepEqual((await ecr.call('DescribeImages', { repositoryName })).imageDetails, []);
});

test('a repository carries tags within AWS’s limits', async (t) => {
  const { call } = await start(t);
  const { repository } = await call('CreateRepository', {
    repositoryName: 'api',
    tags: [{ Key: 'team', Value: 'one' }],
  });
  const resourceArn = repository!.repositoryArn!;
  await call('TagResource', {
    resourceArn,
    tags: [
      { Key: 'team', Value: 'two' },
      { Key: 'cost', Value: '' },
    ],
  });
  await call('UntagResource', { resourceArn, tagKeys: ['none'] });
  assert.deepEqual((await call('ListTagsForResource', { resourceArn })).tags, [
    { Key: 'team', Value: 'two' },
    { Key: 'cost', Value: '' },
  ]);
  await call('UntagResource', { resourceArn, tagKeys: ['team'] });
  assert.deepEqual((await call('ListTagsForResource', { resourceArn })).tags, [{ Key: 'cost', Value: '' }]);
  const many = Array.from({ length: 50 }, (_, at) => ({ Key: `k${at}`, Value: 'v' }));
  await assert.rejects(call('TagResource', { resourceArn, tags: many }), { code: 'TooManyTagsException' });
  for (const Key of ['', 'aws:x', 'x'.repeat(129)]) {
    await assert.rejects(call('TagResource', { resourceArn, tags: [{ Key, Value: 'v' }] }), {
      code: 'InvalidTagParameterException',
    });
  }
  await assert.rejects(call('ListTagsForResource', { resourceArn: 'nonsense' }), { code: 'InvalidParameterException' });
  await assert.rejects(call('ListTagsForResource', { resourceArn: `${resourceArn}x` }), {
    code: 'RepositoryNotFoundException',
  });
});

test('tag mutability is set at creation and later', async (t) => {
  const { call } = await start(t);
  const imageTagMutabilityExclusionFilters = [{ filterType: 'WILDCARD' as const, filter: 'dev-*' }];
  const setting = { imageTagMutability: 'IMMUTABLE_WITH_EXCLUSION' as const, imageTagMutabilityExclusionFilters };
  const { repository } = await call('CreateRepository', { repositoryName: 'api', ...setting });
  assert.deepEqual(repository?.imageTagMutabilityExclusionFilters, imageTagMutabilityExclusionFilters);
  const changed = await call('PutImageTagMutability', { repositoryName: 'api', imageTagMutability: 'IMMUTABLE' });
  assert.deepEqual(changed, { registryId: '123456789012', repositoryName: 'api', imageTagMutability: 'IMMUTABLE' });
});

test('an authorisation token is what docker login takes', async (t) => {
  const { call } = await start(t);
  const { authorizationData } = await call('GetAuthorizationToken', {});
  const { authorizationToken, expiresAt, proxyEndpoint } = authorizationData![0]!;
  assert.match(Buffer.from(authorizationToken!, 'base64').toString(), /^AWS:[^:]+$/);
  assert.equal(expiresAt?.toISOString(), '2026-01-01T12:00:00.000Z');
  assert.equal(proxyEndpoint, 'http://localhost:4566');
  const two = await call('GetAuthorizationToken', { registryIds: [home.account, elsewhere.account] });
  assert.equal(two.authorizationData?.length, 2);
});

test('neighbours resolve references, find digests and pull', async (t) => {
  const ecr = await start(t);
  await ecr.call('CreateRepository', { repositoryName: 'api' });
  const { digest } = await push(ecr, 'api', 'v1');
  const { images } = ecr.ecr;
  const image = images.resolve('123456789012.dkr.ecr.us-east-1.amazonaws.com/api:v1');
  assert.deepEqual(image, {
    registryId: '123456789012',
    region: 'us-east-1',
    repositoryName: 'api',
    repositoryArn: 'arn:aws:ecr:us-east-1:123456789012:repository/api',
    reference: 'localhost:4566/api:v1',
    repositoryUri: 'localhost:4566/api',
    endpoint: 'localhost:4566',
  });
  const digestOf = (reference: string) => ecr.store.read((reader) => images.digest(reader, reference, home.account));
  assert.equal(digestOf('localhost:4566/api:v1'), digest);
  assert.equal(digestOf(`localhost:4566/api@${digest}`), digest);
  assert.equal(digestOf('localhost:4566/api:v9'), undefined);
  assert.equal(digestOf('localhost:4566/no:v1'), undefined);
  assert.equal(images.resolve('nginx:latest'), undefined);
  const pull = { scope: home, repositoryName: 'api', account: home.account };
  assert.equal((await images.pullCredentials(pull)).username, 'AWS');
});
