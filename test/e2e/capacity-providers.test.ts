// Clusters with capacity providers, by the real aws CLI: tasks without a launch type come through the default strategy.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { until } from '#kernel/until.fixture.ts';
import { Berth } from './berth.fixture.ts';
import { pushBusybox, taskDefinition } from './busybox-image.fixture.ts';

let berth: Berth;
let network: string;

before(async () => {
  berth = await Berth.start();
  await berth.aws('ecr', 'create-repository', '--repository-name', 'app');
  await berth.login();
  const image = await pushBusybox(berth, 'app');
  // A shell that waits takes no notice of SIGTERM by itself.
  const definition = taskDefinition('app', image, "trap 'exit 0' TERM; sleep 600 & wait");
  await berth.aws('ecs', 'register-task-definition', '--cli-input-json', definition);
  const { Subnets } = await berth.aws<{ Subnets: { SubnetId: string }[] }>('ec2', 'describe-subnets');
  network = `awsvpcConfiguration={subnets=[${Subnets[0]!.SubnetId}]}`;
});
after(() => berth.remove());

interface Tasks {
  readonly tasks: {
    readonly taskArn: string;
    readonly lastStatus: string;
    readonly launchType: string;
    readonly capacityProviderName: string;
  }[];
}

/** The tasks once all are in a state: `aws ecs wait` would look every six seconds only. */
function allIn(state: string, arns: readonly string[]): Promise<Tasks['tasks']> {
  return until(`all are ${state}`, async () => {
    const { tasks } = await berth.aws<Tasks>('ecs', 'describe-tasks', '--cluster', 'mixed', '--tasks', ...arns);
    return tasks.every(({ lastStatus }) => lastStatus === state) && tasks;
  });
}

/** What a command that must fail says. */
async function refusalOf(...argv: string[]): Promise<string> {
  const { code, stderr } = await berth.command('aws', ...argv);
  assert.notEqual(code, 0, argv.join(' '));
  return stderr;
}

test('a cluster with a default strategy, from its making to its end', async () => {
  const strategy = ['capacityProvider=FARGATE,base=1,weight=1', 'capacityProvider=FARGATE_SPOT,weight=3'];
  const providers = ['--capacity-providers', 'FARGATE', 'FARGATE_SPOT'];
  const settings = ['--settings', 'name=containerInsights,value=enabled'];
  const chosen = [...settings, ...providers, '--default-capacity-provider-strategy', ...strategy];
  await berth.aws('ecs', 'create-cluster', '--cluster-name', 'mixed', ...chosen);

  const place = ['--cluster', 'mixed', '--network-configuration', network];
  const started = await berth.aws<Tasks>('ecs', 'run-task', '--task-definition', 'app', '--count', '2', ...place);
  const arns = started.tasks.map(({ taskArn }) => taskArn);
  const tasks = await allIn('RUNNING', arns);
  assert.deepEqual(tasks.map(({ launchType, capacityProviderName }) => [launchType, capacityProviderName]).toSorted(), [
    ['FARGATE', 'FARGATE'],
    ['FARGATE', 'FARGATE_SPOT'],
  ]);

  const include = ['--include', 'SETTINGS', 'STATISTICS', 'ATTACHMENTS'];
  const { clusters } = await berth.aws<{ clusters: Record<string, unknown>[] }>(
    ...['ecs', 'describe-clusters', '--clusters', 'mixed', ...include],
  );
  assert.deepEqual(clusters[0]!['settings'], [{ name: 'containerInsights', value: 'enabled' }]);
  assert.equal(clusters[0]!['attachmentsStatus'], 'UPDATE_COMPLETE');
  const statistics = clusters[0]!['statistics'] as { name: string; value: string }[];
  assert.equal(statistics.find(({ name }) => name === 'runningFargateTasksCount')?.value, '2');

  const none = ['--capacity-providers', '[]', '--default-capacity-provider-strategy', '[]'];
  const leave = ['ecs', 'put-cluster-capacity-providers', '--cluster', 'mixed', ...none];
  assert.match(await refusalOf(...leave), /ResourceInUseException.* in use and cannot be removed\./);
  assert.match(await refusalOf('ecs', 'delete-cluster', '--cluster', 'mixed'), /ClusterContainsTasksException/);
  await Promise.all(arns.map((arn) => berth.aws('ecs', 'stop-task', '--cluster', 'mixed', '--task', arn)));
  await allIn('STOPPED', arns);
  await berth.aws(...leave);
  const deleted = await berth.aws<{ cluster: { status: string } }>('ecs', 'delete-cluster', '--cluster', 'mixed');
  assert.equal(deleted.cluster.status, 'INACTIVE');
});
