// Images across accounts: what another account's docker, API calls and tasks may do is what the repository's policy says.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { until } from '#kernel/until.fixture.ts';
import { Berth } from './berth.fixture.ts';
import { pushBusybox, taskDefinition } from './busybox-image.fixture.ts';
import type { Clients } from './clients.fixture.ts';

const [owner, guest] = ['123456789012', '210987654321'];

let berth: Berth;
/** The clients of another account's root. */
let others: Clients;
let image: string;
/** What another account calls the repository. */
let path: string;
let runTaskCommand: string[];

before(async () => {
  berth = await Berth.start();
  others = await berth.clientsOf(guest);
  path = `${berth.registry}/${owner}.us-east-1/app`;
  await Promise.all([berth.aws('ecr', 'create-repository', '--repository-name', 'app'), berth.login(), others.login()]);
  [image, runTaskCommand] = await Promise.all([pushBusybox(berth, 'app'), prepareTasks()]);
});
after(() => berth.remove());

const pulling = ['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer', 'ecr:BatchCheckLayerAvailability'];
const pushing = ['ecr:InitiateLayerUpload', 'ecr:UploadLayerPart', 'ecr:CompleteLayerUpload', 'ecr:PutImage'];

function policy(...statements: object[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: statements });
}
const allow = (Action: readonly string[]) => ({
  Effect: 'Allow',
  Principal: { AWS: `arn:aws:iam::${guest}:root` },
  Action,
});

async function set(policyText: string, ...more: string[]): Promise<void> {
  await berth.aws('ecr', 'set-repository-policy', '--repository-name', 'app', '--policy-text', policyText, ...more);
}

/** A pull by the other account's docker, of what the engine does not have any more. */
async function pull() {
  await berth.command('docker', 'rmi', '-f', image, `${path}:v1`);
  return others.command('docker', 'pull', '-q', `${path}:v1`);
}

function describe() {
  const asked = ['--registry-id', owner, '--repository-name', 'app'];
  return others.command('aws', 'ecr', 'batch-get-image', ...asked, '--image-ids', 'imageTag=v1');
}

const denied = new RegExp(
  `arn:aws:iam::${guest}:root is not authorized to perform: ecr:BatchGetImage on resource: arn:aws:ecr:us-east-1:${owner}:repository/app`,
);

test('without a policy another account gets nothing', async () => {
  const [called, pulled] = [await describe(), await pull()];
  assert.match(called.stderr, /AccessDeniedException/);
  assert.match(called.stderr, denied);
  assert.notEqual(pulled.code, 0);
  assert.match(pulled.stderr, /denied/);
});

test('a policy lets it pull, by the API, by docker and in a task, but not push', async () => {
  const policyText = policy(allow(pulling));
  await set(policyText);
  const kept = await berth.aws<{ policyText: string }>('ecr', 'get-repository-policy', '--repository-name', 'app');
  assert.equal(kept.policyText, policyText);
  assert.equal((await describe()).code, 0);
  const pulled = await pull();
  assert.equal(pulled.code, 0, pulled.stderr);
  await others.command('docker', 'tag', `${path}:v1`, `${path}:v2`);
  const pushed = await others.command('docker', 'push', `${path}:v2`);
  assert.notEqual(pushed.code, 0);
  assert.match(pushed.stderr, /denied/);
  assert.equal(await runTask(), 0);
});

test('a policy lets it push', async () => {
  await set(policy(allow([...pulling, ...pushing])));
  const pushed = await others.command('docker', 'push', '-q', `${path}:v2`);
  assert.equal(pushed.code, 0, pushed.stderr);
  const asked = ['--repository-name', 'app', '--query', 'imageIds[].imageTag'];
  assert.deepEqual((await berth.aws<string[]>('ecr', 'list-images', ...asked)).toSorted(), ['v1', 'v2']);
});

test('without its policy all is as before: no call, no pull, no task', async () => {
  await set(policy(allow(pulling)));
  await berth.aws('ecr', 'delete-repository-policy', '--repository-name', 'app');
  const missing = await berth.command('aws', 'ecr', 'get-repository-policy', '--repository-name', 'app');
  assert.match(missing.stderr, /RepositoryPolicyNotFoundException/);
  assert.match((await describe()).stderr, denied);
  assert.match((await pull()).stderr, /denied/);
  assert.match(String(await runTask()), /CannotPullContainerError.*not authorized to perform: ecr:BatchGetImage/);
});

test('an explicit deny holds for the owner too, whose way back stays open', async () => {
  const all = policy({ Effect: 'Deny', Principal: '*', Action: 'ecr:*' });
  const unforced = ['ecr', 'set-repository-policy', '--repository-name', 'app', '--policy-text', all];
  assert.match((await berth.command('aws', ...unforced)).stderr, /prevent you from setting another policy/);
  await set(all, '--force');
  const refused = await berth.command('docker', 'pull', '-q', image);
  assert.match(refused.stderr, /denied/);
  await berth.aws('ecr', 'delete-repository-policy', '--repository-name', 'app');
  const pulled = await berth.command('docker', 'pull', '-q', image);
  assert.equal(pulled.code, 0, pulled.stderr);
});

interface Tasks {
  readonly tasks: {
    readonly taskArn: string;
    readonly lastStatus: string;
    readonly stoppedReason?: string;
    readonly containers: { exitCode?: number }[];
  }[];
}

/** What the other account's tasks need; gives the arguments of `aws ecs run-task`. */
async function prepareTasks(): Promise<string[]> {
  const definition = taskDefinition('guest', `${path}:v1`, 'exit 0');
  const [{ Subnets }] = await Promise.all([
    others.aws<{ Subnets: { SubnetId: string }[] }>('ec2', 'describe-subnets'),
    others.aws('ecs', 'create-cluster', '--cluster-name', 'demo'),
    others.aws('ecs', 'register-task-definition', '--cli-input-json', definition),
  ]);
  const network = `awsvpcConfiguration={subnets=[${Subnets[0]!.SubnetId}]}`;
  const place = ['--cluster', 'demo', '--launch-type', 'FARGATE', '--network-configuration', network];
  return ['ecs', 'run-task', '--task-definition', 'guest', ...place];
}

/** Runs the image in a task of the other account: its exit code, or why it stopped without one. */
async function runTask(): Promise<number | string | undefined> {
  const { tasks } = await others.aws<Tasks>(...runTaskCommand);
  const { taskArn } = tasks[0]!;
  const ended = await until('the task has stopped', async () => {
    const described = await others.aws<Tasks>('ecs', 'describe-tasks', '--cluster', 'demo', '--tasks', taskArn);
    const [task] = described.tasks;
    return task?.lastStatus === 'STOPPED' && task;
  });
  return ended.containers[0]!.exitCode ?? ended.stoppedReason;
}
