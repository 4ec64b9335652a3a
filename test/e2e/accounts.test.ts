// Every account exists: its root has keys of its own, and nothing of any other account is there for it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Berth } from './berth.fixture.ts';
import { Clients } from './clients.fixture.ts';

const [home, other] = ['123456789012', '210987654321'];

let berth: Berth;
let environments: Record<string, NodeJS.ProcessEnv>;

before(async () => {
  berth = await Berth.start();
  environments = { [home]: berth.environment, [other]: await berth.environmentOf(other) };
});
after(() => berth.remove());

/** The aws command with the keys of an account's root. */
function aws<T>(account: string, ...args: string[]): Promise<T> {
  return new Clients(berth.registry, environments[account]).aws<T>(...args);
}

test('the keys of another account are its root’s, also after a restart, and the home account has none but its own', async () => {
  const identity = await aws(other, 'sts', 'get-caller-identity');
  assert.deepEqual(identity, { UserId: other, Account: other, Arn: `arn:aws:iam::${other}:root` });
  await berth.end('SIGKILL');
  await berth.up();
  assert.deepEqual(await berth.environmentOf(other), environments[other]);
  assert.deepEqual(await berth.environmentOf(home), {
    ...berth.environment,
    DOCKER_CONFIG: `${berth.data}/docker-${home}`,
  });
  assert.deepEqual(await aws(other, 'sts', 'get-caller-identity'), identity);
  const wrong = await berth.command('bin/berth', 'env', '--data', berth.data, '--account', '12');
  assert.match(wrong.stderr, /--account must be twelve digits; got 12/);
});

test('a secret that does not belong to an account’s key id signs nothing', async () => {
  const AWS_SECRET_ACCESS_KEY = environments[home]!['AWS_SECRET_ACCESS_KEY'];
  const made = environments[other]!['AWS_ACCESS_KEY_ID']!.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'));
  const [refused, unknown] = await Promise.all(
    [{ AWS_SECRET_ACCESS_KEY }, { AWS_ACCESS_KEY_ID: made }].map((wrong) =>
      new Clients(berth.registry, { ...environments[other], ...wrong }).command('aws', 'sts', 'get-caller-identity'),
    ),
  );
  assert.match(refused!.stderr, /SignatureDoesNotMatch/);
  assert.match(unknown!.stderr, /InvalidClientTokenId/);
});

/** Makes something under the same name in both accounts, and lists what there is of it. */
const kinds: readonly { make: string[]; list: string[] }[] = [
  {
    make: ['ecs', 'create-cluster', '--cluster-name', 'demo'],
    list: ['ecs', 'list-clusters', '--query', 'clusterArns'],
  },
  {
    make: ['logs', 'create-log-group', '--log-group-name', '/demo'],
    list: ['logs', 'describe-log-groups', '--query', 'logGroups[].arn'],
  },
  {
    make: ['ecr', 'create-repository', '--repository-name', 'demo'],
    list: ['ecr', 'describe-repositories', '--query', 'repositories[].repositoryArn'],
  },
  {
    make: ['ec2', 'describe-vpcs'],
    list: ['ec2', 'describe-subnets', '--query', 'Subnets[].SubnetArn'],
  },
];

test('each account has clusters, log groups, repositories and subnets of its own, whatever their names', async () => {
  const accounts = [home, other];
  await Promise.all(kinds.flatMap(({ make }) => accounts.map((account) => aws(account, ...make))));
  const listed = kinds.flatMap(({ list }) =>
    accounts.map(async (account) => {
      const arns = await aws<string[]>(account, ...list);
      assert.ok(arns.length > 0);
      for (const arn of arns) assert.equal(arn.split(':')[4], account);
    }),
  );
  await Promise.all(listed);
});

test('the ARN of another account’s resource opens nothing', async () => {
  const cluster = `arn:aws:ecs:us-east-1:${home}:cluster/demo`;
  const asked: string[][] = [
    ['ecs', 'describe-clusters', '--clusters', cluster],
    ['ecs', 'list-tasks', '--cluster', cluster],
    ['ecs', 'delete-cluster', '--cluster', cluster],
    ['logs', 'list-tags-for-resource', '--resource-arn', `arn:aws:logs:us-east-1:${home}:log-group:/demo`],
    ['ecr', 'list-tags-for-resource', '--resource-arn', `arn:aws:ecr:us-east-1:${home}:repository/demo`],
  ];
  const answers = asked.map(async (args) => {
    const { stdout, stderr } = await new Clients(berth.registry, environments[other]).command('aws', ...args);
    assert.match(stdout + stderr, /AccessDenied|ClusterNotFound/, args.join(' '));
  });
  await Promise.all(answers);
  assert.deepEqual(await aws(home, 'ecs', 'list-clusters', '--query', 'clusterArns'), [cluster]);
});
