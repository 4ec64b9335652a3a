// The requests that are measured: what each needs beforehand, and its bytes.
import type { Signer } from './signed-request.ts';
import { runTasks, stoppedTasks } from './tasks.ts';

/** One kind of call. */
export interface Kind {
  readonly title: string;
  /** Each request's bytes may be sent only once: the second would do something else. */
  readonly once: boolean;
  readonly remarks: readonly string[];
  prepare(port: number, signer: Signer): Promise<void>;
  /** `label` is another in every round. */
  requests(port: number, signer: Signer, label: string): Promise<readonly Buffer[]>;
}

export const listClusters: Kind = {
  title: 'ListClusters (5 clusters)',
  once: false,
  remarks: [],
  async prepare(port, signer) {
    for (const number of [1, 2, 3, 4, 5]) {
      const input = { clusterName: `cluster-${number}` };
      await signer.call(port, { service: 'ecs', operation: 'CreateCluster', input });
    }
  },
  requests: async (_port, signer) => [
    await signer.bytes({ service: 'ecs', operation: 'ListClusters', input: { maxResults: 100 } }),
  ],
};

/** Enough for a round at any speed seen so far; a round ends early when they are used up. */
const definitionsPerRound = 4000;

export const registerTaskDefinition: Kind = {
  title: 'RegisterTaskDefinition (3 KB, a new family each time)',
  once: true,
  remarks: ['Berth answers after fsync; moto keeps everything in memory.'],
  prepare: async () => undefined,
  async requests(port, signer, label) {
    const bytes: Buffer[] = [];
    for (let index = 0; index < definitionsPerRound; index++) {
      const input = definition(`f-${port}-${label}-${index}`);
      bytes.push(await signer.bytes({ service: 'ecs', operation: 'RegisterTaskDefinition', input }));
    }
    return bytes;
  },
};

/** About 3 KB: three containers with environment, logs and ports. */
function definition(family: string): object {
  const container = (name: string) => ({
    name,
    image: `123456789012.dkr.ecr.us-east-1.amazonaws.com/${name}:v1`,
    cpu: 256,
    memory: 512,
    essential: true,
    command: ['python3', '-m', 'app', '--listen', '0.0.0.0:3000', '--workers', '4'],
    environment: ['STAGE', 'LOG_LEVEL', 'DATABASE_HOST', 'CACHE_HOST', 'QUEUE', 'BUCKET', 'LOCALE', 'ZONE'].map(
      (variable) => ({
        name: variable,
        value: `${variable.toLowerCase()}-of-${name}`,
      }),
    ),
    portMappings: [{ containerPort: name.length * 1000, protocol: 'tcp' }],
    ulimits: [{ name: 'nofile', softLimit: 65536, hardLimit: 65536 }],
    logConfiguration: {
      logDriver: 'awslogs',
      options: { 'awslogs-group': `/ecs/${name}`, 'awslogs-region': 'us-east-1', 'awslogs-stream-prefix': 'ecs' },
    },
  });
  return {
    family,
    requiresCompatibilities: ['FARGATE'],
    networkMode: 'awsvpc',
    cpu: '1024',
    memory: '2048',
    containerDefinitions: ['api', 'side', 'proxy'].map(container),
  };
}

const taskCount = 100;
/** By port: the tasks of each server. */
const tasksOf = new Map<number, readonly string[]>();

export const describeTasks: Kind = {
  title: `DescribeTasks of ${taskCount}`,
  once: false,
  remarks: [
    'Berth describes tasks that really ended (their image is absent, each with its reason), moto ones that it says run. ' +
      'Each has one container and one network interface.',
  ],
  async prepare(port, signer) {
    tasksOf.set(port, await runTasks(port, signer, taskCount));
    if (port === signer.port) await stoppedTasks(port, signer, taskCount);
  },
  requests: async (port, signer) => [
    await signer.bytes({
      service: 'ecs',
      operation: 'DescribeTasks',
      input: { cluster: 'bench', tasks: tasksOf.get(port)! },
    }),
  ],
};
