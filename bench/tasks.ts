// Tasks for a bench, made by the API's own calls.
import { until } from '#kernel/until.fixture.ts';
import type { Signer } from './signed-request.ts';

export const cluster = 'bench';
const callLimit = 10;

export interface Definition {
  readonly family: string;
  readonly image: string;
  readonly command?: readonly string[];
  readonly logGroup?: string;
}

/** An image that no registry has: its tasks stop as soon as they would pull it. */
const absent: Definition = { family: 'absent', image: 'localhost:1/absent:v1' };

/** Starts `count` Fargate tasks of one container in the cluster `bench`, which it makes; gives their IDs. */
export async function runTasks(
  port: number,
  signer: Signer,
  count: number,
  definition: Definition = absent,
): Promise<string[]> {
  await signer.call(port, { service: 'ecs', operation: 'CreateCluster', input: { clusterName: cluster } });
  await registerDefinition(port, signer, definition);
  const described = async (operation: string) => signer.text(port, { service: 'ec2', operation, input: '' });
  const subnet = /<subnetId>(subnet-\w+)</.exec(await described('DescribeSubnets'))![1]!;
  const group = /<groupId>(sg-\w+)</.exec(await described('DescribeSecurityGroups'))![1]!;
  const ids: string[] = [];
  while (ids.length < count) {
    const input = {
      cluster,
      taskDefinition: definition.family,
      launchType: 'FARGATE',
      count: Math.min(callLimit, count - ids.length),
      networkConfiguration: { awsvpcConfiguration: { subnets: [subnet], securityGroups: [group] } },
    };
    const { tasks } = await signer.call<Tasks>(port, { service: 'ecs', operation: 'RunTask', input });
    ids.push(...tasks.map(({ taskArn }) => taskArn.slice(taskArn.lastIndexOf('/') + 1)));
  }
  return ids;
}

interface Tasks {
  readonly tasks: readonly { readonly taskArn: string; readonly lastStatus: string; readonly stoppedReason?: string }[];
}

async function registerDefinition(port: number, signer: Signer, definition: Definition): Promise<void> {
  const { family, image, command, logGroup } = definition;
  const options = {
    'awslogs-group': logGroup,
    'awslogs-region': 'us-east-1',
    'awslogs-stream-prefix': 'ecs',
    'awslogs-create-group': 'true',
  };
  const input = {
    family,
    requiresCompatibilities: ['FARGATE'],
    networkMode: 'awsvpc',
    cpu: '256',
    memory: '512',
    containerDefinitions: [
      {
        name: 'app',
        image,
        memory: 512,
        essential: true,
        command,
        logConfiguration: logGroup === undefined ? undefined : { logDriver: 'awslogs', options },
      },
    ],
  };
  await signer.call(port, { service: 'ecs', operation: 'RegisterTaskDefinition', input });
}

/** Resolves once `count` tasks of the cluster have stopped. */
export async function stoppedTasks(port: number, signer: Signer, count: number): Promise<void> {
  await until(
    `${count} stopped tasks`,
    async () =>
      (await countTasks(port, signer, 'STOPPED')) >= count && (await countTasks(port, signer, 'RUNNING')) === 0,
    300_000,
  );
}

async function countTasks(port: number, signer: Signer, desiredStatus: 'RUNNING' | 'STOPPED'): Promise<number> {
  let count = 0;
  let nextToken: string | undefined;
  do {
    const input = { cluster, desiredStatus, nextToken };
    const page: { taskArns: string[]; nextToken?: string } = await signer.call(port, {
      service: 'ecs',
      operation: 'ListTasks',
      input,
    });
    count += page.taskArns.length;
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
  return count;
}

/** Resolves once all of them run. Rejects as soon as one has stopped, with its reason. */
export async function runningTasks(port: number, signer: Signer, ids: readonly string[]): Promise<void> {
  await until(
    `${ids.length} running tasks`,
    async () => {
      const call = { service: 'ecs', operation: 'DescribeTasks', input: { cluster, tasks: ids } } as const;
      const { tasks } = await signer.call<Tasks>(port, call);
      const stopped = tasks.find(({ lastStatus }) => lastStatus === 'STOPPED');
      if (stopped !== undefined) throw new Error(`${stopped.taskArn} stopped: ${stopped.stoppedReason}`);
      return tasks.length === ids.length && tasks.every(({ lastStatus }) => lastStatus === 'RUNNING');
    },
    300_000,
  );
}

/** Stops the tasks and resolves once all have stopped. */
export async function stopTasks(port: number, signer: Signer, ids: readonly string[]): Promise<void> {
  for (const task of ids) {
    await signer.call(port, { service: 'ecs', operation: 'StopTask', input: { cluster, task } });
  }
  await stoppedTasks(port, signer, ids.length);
}
