// What the real docker client pushes in one region appears in another and in another account, and repositories come about
// by their templates.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  DescribeImageReplicationStatusCommand,
  DescribeImagesCommand,
  DescribeReplicationBackfillResultsCommand,
  ECRClient,
  StartReplicationBackfillCommand,
} from '@aws-sdk/client-ecr';
import { until } from '#kernel/until.fixture.ts';
import { Berth } from './berth.fixture.ts';
import { pushBusybox } from './busybox-image.fixture.ts';
import type { Clients } from './clients.fixture.ts';

const [home, other] = ['123456789012', '210987654321'];
const [here, there] = ['us-east-1', 'eu-west-1'];

let berth: Berth;
let neighbours: Clients;

before(async () => {
  berth = await Berth.start();
  neighbours = await berth.clientsOf(other);
  await Promise.all([berth.login(), neighbours.login()]);
  await berth.aws('ecr', 'create-repository', '--repository-name', 'team/app');
});
after(() => berth.remove());

/** For what is asked again and again: the CLI takes a second to start. */
function sdk({ environment }: Clients, region: string): ECRClient {
  return new ECRClient({
    endpoint: environment['AWS_ENDPOINT_URL']!,
    region,
    credentials: {
      accessKeyId: environment['AWS_ACCESS_KEY_ID']!,
      secretAccessKey: environment['AWS_SECRET_ACCESS_KEY']!,
    },
  });
}

async function replicateTo(...accounts: string[]): Promise<void> {
  const destinations = accounts.map((registryId) => ({ region: there, registryId }));
  const configuration = JSON.stringify({ rules: [{ destinations, repositoryFilters: prefixes }] });
  await berth.aws('ecr', 'put-replication-configuration', '--replication-configuration', configuration);
}
const prefixes = [{ filter: 'team/', filterType: 'PREFIX_MATCH' }];

function becomes(state: string, imageTag: string, account: string) {
  const client = sdk(berth, here);
  return until(`${imageTag} in ${account} is ${state}`, async () => {
    const asked = { repositoryName: 'team/app', imageId: { imageTag } };
    const { replicationStatuses = [] } = await client.send(new DescribeImageReplicationStatusCommand(asked));
    const found = replicationStatuses.find(({ registryId }) => registryId === account);
    return found?.status === state && found;
  });
}

async function digestAt(clients: Clients, region: string, imageTag: string): Promise<string> {
  const asked = { repositoryName: 'team/app', imageIds: [{ imageTag }] };
  const { imageDetails = [] } = await sdk(clients, region).send(new DescribeImagesCommand(asked));
  return imageDetails[0]!.imageDigest!;
}

/** Pulls by the real docker client what no local image shares any more, and runs it. */
async function pullAndRun(clients: Clients, reference: string): Promise<string> {
  const local = await clients.command('docker', 'images', '-q', `${berth.registry}/*/*`);
  const ids = [...new Set(local.stdout.split('\n').filter(Boolean))];
  if (ids.length > 0) await clients.command('docker', 'rmi', '-f', ...ids);
  const pulled = await clients.command('docker', 'pull', '-q', reference);
  assert.equal(pulled.code, 0, pulled.stderr);
  const ran = await clients.command('docker', 'run', '--rm', '--network', 'none', reference, 'echo it runs');
  return ran.stdout.trim();
}

test('an image that is pushed in one region can be pulled in another', async () => {
  await pushBusybox(berth, 'team/app', 'old');
  await replicateTo(home);
  await pushBusybox(berth, 'team/app');
  await becomes('COMPLETE', 'v1', home);
  assert.equal(await digestAt(berth, there, 'v1'), await digestAt(berth, here, 'v1'));
  const reference = `${berth.registry}/${home}.${there}/team/app:v1`;
  assert.equal(await pullAndRun(berth, reference), 'it runs');
  const { repositories } = await berth.aws<{ repositories: { repositoryUri: string }[] }>(
    ...['ecr', 'describe-repositories', '--region', there],
  );
  assert.deepEqual(
    repositories.map(({ repositoryUri }) => `${repositoryUri}:v1`),
    [reference],
  );
});

test('what was there before the rule follows when a backfill is asked for', async () => {
  await assert.rejects(digestAt(berth, there, 'old'), { name: 'ImageNotFoundException' });
  const client = sdk(berth, here);
  const destination = { region: there, registryId: home };
  const { replicationBackfillId } = await client.send(new StartReplicationBackfillCommand({ destination }));
  const results = await until('the backfill is complete', async () => {
    const described = await client.send(new DescribeReplicationBackfillResultsCommand({ replicationBackfillId }));
    return described.status === 'COMPLETE' && described.results;
  });
  assert.deepEqual(results.map(({ imageId, status }) => `${imageId!.imageTag} ${status}`).toSorted(), [
    'old COMPLETE',
    'v1 COMPLETE',
  ]);
  assert.equal(await digestAt(berth, there, 'old'), await digestAt(berth, here, 'old'));
});

test('an index goes along with its images, and what is deleted at home stays there', async () => {
  const digest = await digestAt(berth, here, 'v1');
  const manifests = [{ mediaType: 'application/vnd.docker.distribution.manifest.v2+json', size: 1, digest }];
  const mediaType = 'application/vnd.oci.image.index.v1+json';
  const index = JSON.stringify({ schemaVersion: 2, mediaType, manifests });
  const asked = ['--repository-name', 'team/app', '--image-manifest', index, '--image-tag', 'all'];
  await berth.aws('ecr', 'put-image', ...asked, '--image-manifest-media-type', mediaType);
  await becomes('COMPLETE', 'all', home);
  const gone = await digestAt(berth, here, 'all');
  await berth.aws(
    ...['ecr', 'batch-delete-image', '--repository-name', 'team/app', '--image-ids', `imageDigest=${gone}`],
  );
  assert.equal(await digestAt(berth, there, 'all'), gone);
});

test('another account gets images once its registry policy lets them in', async () => {
  await replicateTo(home, other);
  await pushBusybox(berth, 'team/app', 'v2');
  assert.equal((await becomes('FAILED', 'v2', other)).failureCode, 'AccessDeniedException');
  const statement = {
    Sid: 'replication',
    Effect: 'Allow',
    Principal: { AWS: `arn:aws:iam::${home}:root` },
    Action: ['ecr:CreateRepository', 'ecr:ReplicateImage'],
    Resource: [`arn:aws:ecr:${there}:${other}:repository/team/*`],
  };
  const policy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
  await neighbours.aws('ecr', 'put-registry-policy', '--region', there, '--policy-text', policy);
  await becomes('COMPLETE', 'v2', other);
  assert.equal(await pullAndRun(neighbours, `${berth.registry}/${other}.${there}/team/app:v2`), 'it runs');
});

test('what was pushed right before the process is killed is replicated by the next one', async () => {
  const tags = ['k1', 'k2'];
  const source = `${berth.registry}/team/app:v1`;
  await berth.command('docker', 'pull', '-q', source);
  await Promise.all(
    tags.map(async (tag) => {
      await berth.command('docker', 'tag', source, `${berth.registry}/team/app:${tag}`);
      const pushed = await berth.command('docker', 'push', '-q', `${berth.registry}/team/app:${tag}`);
      assert.equal(pushed.code, 0, pushed.stderr);
    }),
  );
  await berth.end('SIGKILL');
  await berth.up();
  for (const tag of tags) {
    for (const account of [home, other]) await becomes('COMPLETE', tag, account);
    assert.equal(await digestAt(neighbours, there, tag), await digestAt(berth, here, tag));
  }
});

test('a push makes the repository that a template is for, and no other', async () => {
  const lifecycle = {
    rules: [
      {
        rulePriority: 1,
        selection: { tagStatus: 'untagged', countType: 'imageCountMoreThan', countNumber: 5 },
        action: { type: 'expire' },
      },
    ],
  };
  const template = ['--prefix', 'fresh', '--applied-for', 'CREATE_ON_PUSH', '--image-tag-mutability', 'IMMUTABLE'];
  const lifecyclePolicy = JSON.stringify(lifecycle);
  await berth.aws(
    ...['ecr', 'create-repository-creation-template', ...template, '--resource-tags', 'Key=by,Value=template'],
    ...['--lifecycle-policy', lifecyclePolicy],
  );
  await assert.rejects(pushBusybox(berth, 'stale/app'), /repository with name 'stale\/app' does not exist/);
  await pushBusybox(berth, 'fresh/app');
  const { repositories } = await berth.aws<{ repositories: { repositoryArn: string; imageTagMutability: string }[] }>(
    ...['ecr', 'describe-repositories', '--repository-names', 'fresh/app'],
  );
  assert.equal(repositories[0]!.imageTagMutability, 'IMMUTABLE');
  const { tags } = await berth.aws<{ tags: unknown }>(
    ...['ecr', 'list-tags-for-resource', '--resource-arn', repositories[0]!.repositoryArn],
  );
  assert.deepEqual(tags, [{ Key: 'by', Value: 'template' }]);
  const policy = await berth.aws<{ lifecyclePolicyText: string }>(
    ...['ecr', 'get-lifecycle-policy', '--repository-name', 'fresh/app'],
  );
  assert.equal(policy.lifecyclePolicyText, lifecyclePolicy);
});
