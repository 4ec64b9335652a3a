// What no feature's own test asks of the API: repositories and images end to end, settings of the registry, and what is refused.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import {
  BatchDeleteImageCommand,
  BatchGetRepositoryScanningConfigurationCommand,
  CreatePullThroughCacheRuleCommand,
  CreateRepositoryCommand,
  CreateRepositoryCreationTemplateCommand,
  DeleteRepositoryCommand,
  DeleteSigningConfigurationCommand,
  DeregisterPullTimeUpdateExclusionCommand,
  DescribeImageSigningStatusCommand,
  DescribeImagesCommand,
  DescribeRepositoriesCommand,
  ECRClient,
  GetAccountSettingCommand,
  GetAuthorizationTokenCommand,
  GetSigningConfigurationCommand,
  ListPullTimeUpdateExclusionsCommand,
  ListReplicationBackfillsCommand,
  ListTagsForResourceCommand,
  PutAccountSettingCommand,
  PutImageScanningConfigurationCommand,
  PutImageTagMutabilityCommand,
  RegisterPullTimeUpdateExclusionCommand,
  StartReplicationBackfillCommand,
  StopReplicationBackfillCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdatePullThroughCacheRuleCommand,
  paginateDescribeImages,
  paginateListImages,
  type TagStatus,
} from '@aws-sdk/client-ecr';
import { Berth } from './berth.fixture.ts';

let berth: Berth;
let ecr: ECRClient;

before(async () => {
  berth = await Berth.start();
  await berth.login();
  ecr = new ECRClient({
    endpoint: berth.environment['AWS_ENDPOINT_URL']!,
    region: 'us-east-1',
    credentials: {
      accessKeyId: berth.environment['AWS_ACCESS_KEY_ID']!,
      secretAccessKey: berth.environment['AWS_SECRET_ACCESS_KEY']!,
    },
  });
});
after(() => berth.remove());

/** Builds an image of nothing but chance and pushes it; gives what docker said where it failed. */
async function push(repositoryName: string, tag: string): Promise<string | undefined> {
  const folder = join(berth.data, 'image');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'Dockerfile'), 'FROM scratch\nCOPY chance /\n');
  writeFileSync(join(folder, 'chance'), randomBytes(64));
  const reference = `${berth.registry}/${repositoryName}:${tag}`;
  const built = await berth.command('env', 'DOCKER_BUILDKIT=0', 'docker', 'build', '-q', '-t', reference, folder);
  assert.equal(built.code, 0, built.stderr);
  const { code, stderr } = await berth.command('docker', 'push', '-q', reference);
  return code === 0 ? undefined : stderr;
}

async function digestOf(repositoryName: string, imageTag: string): Promise<string> {
  const asked = { repositoryName, imageIds: [{ imageTag }] };
  const { imageDetails = [] } = await ecr.send(new DescribeImagesCommand(asked));
  return imageDetails[0]!.imageDigest!;
}

test('a repository is made, changed, tagged and deleted', async () => {
  const repositoryName = 'team/made';
  const tags = [
    { Key: 'stage', Value: 'test' },
    { Key: 'owner', Value: 'me' },
  ];
  const { repository } = await ecr.send(new CreateRepositoryCommand({ repositoryName, tags }));
  const resourceArn = repository!.repositoryArn!;
  assert.equal(resourceArn, 'arn:aws:ecr:us-east-1:123456789012:repository/team/made');
  assert.equal(repository!.repositoryUri, `${berth.registry}/team/made`);
  await ecr.send(new TagResourceCommand({ resourceArn, tags: [{ Key: 'stage', Value: 'live' }] }));
  await ecr.send(new UntagResourceCommand({ resourceArn, tagKeys: ['owner'] }));
  const listed = await ecr.send(new ListTagsForResourceCommand({ resourceArn }));
  assert.deepEqual(listed.tags, [{ Key: 'stage', Value: 'live' }]);

  const imageScanningConfiguration = { scanOnPush: true };
  await ecr.send(new PutImageScanningConfigurationCommand({ repositoryName, imageScanningConfiguration }));
  await ecr.send(new PutImageTagMutabilityCommand({ repositoryName, imageTagMutability: 'IMMUTABLE' }));
  const described = await ecr.send(new DescribeRepositoriesCommand({ repositoryNames: [repositoryName] }));
  assert.deepEqual(described.repositories, [
    { ...repository, imageTagMutability: 'IMMUTABLE', imageScanningConfiguration },
  ]);
  const asked = { repositoryNames: [repositoryName, 'none'] };
  const scanning = await ecr.send(new BatchGetRepositoryScanningConfigurationCommand(asked));
  assert.equal(scanning.scanningConfigurations![0]!.scanFrequency, 'SCAN_ON_PUSH');
  assert.equal(scanning.failures![0]!.failureCode, 'REPOSITORY_NOT_FOUND');

  assert.equal(await push(repositoryName, 'v1'), undefined);
  const deletion = ecr.send(new DeleteRepositoryCommand({ repositoryName }));
  await assert.rejects(deletion, { name: 'RepositoryNotEmptyException' });
  await ecr.send(new DeleteRepositoryCommand({ repositoryName, force: true }));
  const again = ecr.send(new DescribeRepositoriesCommand({ repositoryNames: [repositoryName] }));
  await assert.rejects(again, { name: 'RepositoryNotFoundException' });
});

test('docker moves only those tags that the filters let move', async () => {
  const [repositoryName, filter] = ['team/fixed', { filterType: 'WILDCARD' as const, filter: 'latest*' }];
  const mutability = { imageTagMutability: 'IMMUTABLE_WITH_EXCLUSION' as const };
  const filters = { imageTagMutabilityExclusionFilters: [filter] };
  await ecr.send(new CreateRepositoryCommand({ repositoryName, ...mutability, ...filters }));
  for (const tag of ['v1', 'latest']) assert.equal(await push(repositoryName, tag), undefined);
  const before = await digestOf(repositoryName, 'latest');
  assert.match((await push(repositoryName, 'v1')) ?? '', /tag invalid: The image tag 'v1' already exists in the/);
  assert.equal(await push(repositoryName, 'latest'), undefined);
  assert.notEqual(await digestOf(repositoryName, 'latest'), before);
});

test('images are listed in pages and by status, and deleted one by one, with a reason for each that is not', async () => {
  const repositoryName = 'team/images';
  await ecr.send(new CreateRepositoryCommand({ repositoryName }));
  // Of four images one loses its tag to the next.
  for (const tag of ['a', 'b', 'c', 'c']) assert.equal(await push(repositoryName, tag), undefined);
  const pages = async (tagStatus: TagStatus) => {
    // The paginators write their tokens into what they are given, so each gets its own.
    const asked = () => ({ repositoryName, filter: { tagStatus } });
    const [listed, described]: [number[], number[]] = [[], []];
    for await (const page of paginateListImages({ client: ecr, pageSize: 2 }, asked())) {
      listed.push(page.imageIds!.length);
    }
    for await (const page of paginateDescribeImages({ client: ecr, pageSize: 2 }, asked())) {
      described.push(page.imageDetails!.length);
    }
    assert.deepEqual(listed, described);
    return listed;
  };
  assert.deepEqual(await pages('ANY'), [2, 2]);
  assert.deepEqual(await pages('TAGGED'), [2, 1]);
  assert.deepEqual(await pages('UNTAGGED'), [1]);

  const imageDigest = await digestOf(repositoryName, 'b');
  const wrong = [{}, { imageTag: 'none' }, { imageDigest: 'none' }, { imageTag: '-' }];
  const imageIds = [{ imageTag: 'a', imageDigest }, { imageTag: 'a' }, { imageDigest }, ...wrong];
  const deleted = await ecr.send(new BatchDeleteImageCommand({ repositoryName, imageIds }));
  assert.deepEqual(
    deleted.imageIds!.map(({ imageTag }) => imageTag),
    ['a', 'b'],
  );
  assert.deepEqual(
    deleted.failures!.map(({ failureCode }) => failureCode),
    ['ImageTagDoesNotMatchDigest', 'MissingDigestAndTag', 'ImageNotFound', 'InvalidImageDigest', 'InvalidImageTag'],
  );
  assert.deepEqual(await pages('ANY'), [2]);
});

test('the registry keeps its settings, and says what it does not have', async () => {
  const principalArn = 'arn:aws:iam::123456789012:role/scanner';
  await ecr.send(new RegisterPullTimeUpdateExclusionCommand({ principalArn }));
  const excluded = await ecr.send(new ListPullTimeUpdateExclusionsCommand({}));
  assert.deepEqual(excluded.pullTimeUpdateExclusions, [principalArn]);
  await ecr.send(new DeregisterPullTimeUpdateExclusionCommand({ principalArn }));
  const gone = ecr.send(new DeregisterPullTimeUpdateExclusionCommand({ principalArn }));
  await assert.rejects(gone, { name: 'ExclusionNotFoundException' });

  await ecr.send(new PutAccountSettingCommand({ name: 'BLOB_MOUNTING', value: 'ENABLED' }));
  const setting = await ecr.send(new GetAccountSettingCommand({ name: 'BLOB_MOUNTING' }));
  assert.equal(setting.value, 'ENABLED');

  const rule = { ecrRepositoryPrefix: 'quay', upstreamRegistryUrl: 'quay.io' };
  await ecr.send(new CreatePullThroughCacheRuleCommand(rule));
  const updated = await ecr.send(new UpdatePullThroughCacheRuleCommand({ ecrRepositoryPrefix: 'quay' }));
  assert.equal(updated.ecrRepositoryPrefix, 'quay');
  const credentialArn = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:ecr-pullthroughcache/quay';
  const secret = ecr.send(new UpdatePullThroughCacheRuleCommand({ ecrRepositoryPrefix: 'quay', credentialArn }));
  await assert.rejects(secret, /does not support the member 'credentialArn'/);

  const template = { prefix: 'team', appliedFor: ['REPLICATION' as const] };
  const customRoleArn = 'arn:aws:iam::123456789012:role/ecr';
  const role = ecr.send(new CreateRepositoryCreationTemplateCommand({ ...template, customRoleArn }));
  await assert.rejects(role, /does not support the member 'customRoleArn'/);

  const unsigned = { name: 'SigningConfigurationNotFoundException' };
  await assert.rejects(ecr.send(new GetSigningConfigurationCommand({})), unsigned);
  await assert.rejects(ecr.send(new DeleteSigningConfigurationCommand({})), unsigned);
  await ecr.send(new CreateRepositoryCommand({ repositoryName: 'team/unsigned' }));
  assert.equal(await push('team/unsigned', 'v1'), undefined);
  const image = { repositoryName: 'team/unsigned', imageId: { imageTag: 'v1' } };
  assert.deepEqual((await ecr.send(new DescribeImageSigningStatusCommand(image))).signingStatuses, []);

  assert.deepEqual((await ecr.send(new ListReplicationBackfillsCommand({}))).backfills, []);
  const destination = { region: 'eu-west-1', registryId: '123456789012' };
  await assert.rejects(
    ecr.send(new StartReplicationBackfillCommand({ destination })),
    /no rule with the destination 123456789012 in eu-west-1/,
  );
  const replicationBackfillId = '00000000-0000-4000-8000-000000000000';
  await assert.rejects(ecr.send(new StopReplicationBackfillCommand({ replicationBackfillId })), {
    name: 'ReplicationBackfillNotFoundException',
  });
});

test('a token is good for twelve hours, and ECR Public is refused by its name', async () => {
  const { authorizationData = [] } = await ecr.send(new GetAuthorizationTokenCommand({}));
  const [data] = authorizationData;
  assert.equal(data!.proxyEndpoint, `http://${berth.registry}`);
  assert.match(Buffer.from(data!.authorizationToken!, 'base64').toString(), /^AWS:[^:]+$/);
  assert.ok(Math.abs(data!.expiresAt!.getTime() - Date.now() - 12 * 3600_000) < 60_000);
  const refused = await berth.command('aws', 'ecr-public', 'get-login-password');
  assert.notEqual(refused.code, 0);
  assert.match(refused.stderr, /Berth does not support the service ecr-public \(GetAuthorizationToken\)/);
});
