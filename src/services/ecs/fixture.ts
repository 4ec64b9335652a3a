// For tests: ecs on a store in memory and a virtual clock, with a VPC of one kind and a node that does as it is told.
import assert from 'node:assert/strict';
import type { Scope } from '#kernel/arn.ts';
import { AwsError } from '#kernel/error.ts';
import { silentLog } from '#kernel/log.ts';
import { startQueue, type Queue } from '#kernel/queue.ts';
import { seededRandom } from '#kernel/seeded-random.ts';
import { createStore } from '#kernel/store-create.ts';
import { createMemoryDisk, type MemoryDisk } from '#kernel/store-memory.ts';
import type { Kind, Store } from '#kernel/store.ts';
import { VirtualClock } from '#kernel/virtual-clock.ts';
import { createContext } from '#aws/context.ts';
import { PageTokens } from '#aws/page-token.ts';
import type { Context, In, OperationName, Out } from '#aws/service.ts';
import type {
  AgentSession,
  PayloadMessage,
  PayloadTask,
  TaskManifestMessage,
  TaskStateChange,
} from '#node/messages.ts';
import type { NetworkInterface, NetworkInterfaces, Subnet } from '#services/ec2/ports.ts';
import { ecsKinds } from './kinds.ts';
import { createEcs, type Ecs } from './service.ts';
import type { RegisterInput, RunTaskInput } from './shapes.ts';

export const home: Scope = { account: '123456789012', region: 'us-east-1' };

/** A definition that Fargate takes, of one container `app`. */
export const plainDefinition: RegisterInput = {
  family: 'flask-api',
  requiresCompatibilities: ['FARGATE'],
  networkMode: 'awsvpc',
  cpu: '256',
  memory: '512',
  containerDefinitions: [{ name: 'app', image: 'app:1' }],
};

/** What RunTask needs beside a cluster and a definition. */
export const onFargate: Pick<RunTaskInput, 'launchType' | 'networkConfiguration'> = {
  launchType: 'FARGATE',
  networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-1'] } },
};

const interfaceKind: Kind<NetworkInterface, Record<string, never>> = { name: 'test/interface', version: 1 };

const subnets: readonly Subnet[] = [
  { subnetId: 'subnet-1', vpcId: 'vpc-1', availabilityZone: 'us-east-1a', cidrBlock: '172.31.16.0/20' },
  { subnetId: 'subnet-2', vpcId: 'vpc-1', availabilityZone: 'us-east-1b', cidrBlock: '172.31.32.0/20' },
  { subnetId: 'subnet-full', vpcId: 'vpc-1', availabilityZone: 'us-east-1c', cidrBlock: '172.31.48.0/28' },
  { subnetId: 'subnet-elsewhere', vpcId: 'vpc-2', availabilityZone: 'us-east-1a', cidrBlock: '10.0.0.0/24' },
];
const groups: Readonly<Record<string, string>> = { 'sg-1': 'vpc-1', 'sg-elsewhere': 'vpc-2' };

const networkInterfaces: NetworkInterfaces = {
  subnet: (_reader, _scope, id) => subnets.find(({ subnetId }) => subnetId === id),
  securityGroupVpc: (_reader, _scope, id) => groups[id],
  defaultSecurityGroup: (_reader, _scope, vpcId) => (vpcId === 'vpc-1' ? 'sg-1' : 'sg-elsewhere'),
  create(tx, _scope, { subnetId, securityGroupIds }) {
    const subnet = subnets.find((each) => each.subnetId === subnetId)!;
    if (subnetId === 'subnet-full') throw new AwsError('InsufficientFreeAddressesInSubnet', 'No free addresses.');
    const number = tx.list(interfaceKind).length + 4;
    const made: NetworkInterface = {
      networkInterfaceId: `eni-${number}`,
      subnet,
      vpcCidrBlock: '172.31.0.0/16',
      gateway: '172.31.0.1',
      privateIpAddress: `172.31.16.${number}`,
      privateDnsName: `ip-172-31-16-${number}.ec2.internal`,
      macAddress: `02:00:00:00:00:0${number}`,
      securityGroupIds: [...securityGroupIds],
    };
    return tx.put(interfaceKind, made.networkInterfaceId, { spec: made, status: {} }).spec;
  },
  get: (reader, _scope, id) => reader.get(interfaceKind, id)?.spec,
  delete: (tx, _scope, id) => tx.delete(interfaceKind, id),
};

/** A node's end of the talk that writes everything down and fails when told to. */
export class ScriptedSession implements AgentSession {
  readonly payloads: PayloadMessage[] = [];
  readonly manifests: TaskManifestMessage[] = [];
  /** How many of the next messages are not taken. */
  failing = 0;

  async payload(message: PayloadMessage): Promise<void> {
    this.#failWhenTold();
    this.payloads.push(message);
  }

  async manifest(message: TaskManifestMessage): Promise<void> {
    this.#failWhenTold();
    this.manifests.push(message);
  }

  /** What was last said of a task. */
  lastOf(arn: string): PayloadTask | undefined {
    return this.payloads.flatMap(({ tasks }) => tasks).findLast((task) => task.arn === arn);
  }

  #failWhenTold(): void {
    if (this.failing === 0) return;
    this.failing -= 1;
    throw new Error('not now');
  }
}

export interface Fixture {
  readonly ecs: Ecs;
  readonly store: Store;
  readonly disk: MemoryDisk;
  readonly clock: VirtualClock;
  readonly queue: Queue;
  readonly session: ScriptedSession;
  /** What is in our registry: digests by image reference. */
  readonly pushed: Map<string, string>;
  call<N extends OperationName<'ecs'> & string>(name: N, input: In<'ecs', N>, scope?: Scope): Promise<Out<'ecs', N>>;
  /** Registers the plain definition with changes, in cluster `demo`, and runs it; gives the task's ARN. */
  runOne(definition?: Partial<RegisterInput>, input?: Partial<RunTaskInput>): Promise<string>;
  describe(arn: string): Promise<NonNullable<Out<'ecs', 'DescribeTasks'>['tasks']>[number]>;
  /** Has the node report, then waits until all that follows from it is done. */
  report(change: Pick<TaskStateChange, 'task' | 'status'> & Partial<TaskStateChange>): Promise<void>;
  interfaces(): NetworkInterface[];
  /** Ends it as a kill would; what is durable can be opened again. */
  end(): Promise<void>;
}

/** `disk` and `clock`: what an earlier fixture left, to go on after a restart. */
export async function createFixture(left?: Pick<Fixture, 'disk' | 'clock'>): Promise<Fixture> {
  const clock = left?.clock ?? new VirtualClock();
  const disk = left?.disk ?? createMemoryDisk(clock);
  const kinds = [...ecsKinds, interfaceKind];
  const store = await createStore({ database: disk.open(), kinds, log: silentLog, onFatal: assert.fail, strict: true });
  const pushed = new Map<string, string>();
  const random = seededRandom(disk.commits + 1);
  const parts = { store, clock, random, log: silentLog };
  const ecs = createEcs({
    ...parts,
    images: { resolve: resolveImage, digest: (_reader, reference) => pushed.get(reference) },
    networkInterfaces,
    home,
    architecture: 'X86_64',
  });
  const life = new AbortController();
  const queue = startQueue({ ...parts, reconcilers: ecs.reconcilers, signal: life.signal });
  const session = new ScriptedSession();
  await ecs.attach(session);
  await queue.idle();

  const call: Fixture['call'] = async (name, input, scope = home) => {
    const operation = ecs.service.operations.get(name);
    if (operation === undefined) throw new Error(`no operation ${name}`);
    const context = contextOf(scope, clock.now(), name);
    if ('run' in operation) return (await store.write((tx) => operation.run(input, tx, context))) as never;
    if ('read' in operation) return store.read((reader) => operation.read(input, reader, context)) as never;
    return (await operation.perform(input, context, life.signal)) as never;
  };
  return {
    ecs,
    store,
    disk,
    clock,
    queue,
    session,
    pushed,
    call,
    async runOne(definition = {}, input = {}) {
      await call('CreateCluster', { clusterName: 'demo' });
      const { taskDefinition } = await call('RegisterTaskDefinition', { ...plainDefinition, ...definition });
      const wanted = { cluster: 'demo', taskDefinition: taskDefinition!.taskDefinitionArn!, ...onFargate, ...input };
      const { tasks } = await call('RunTask', wanted);
      await queue.idle();
      return tasks![0]!.taskArn!;
    },
    async describe(arn) {
      const { tasks } = await call('DescribeTasks', { cluster: arn.split('/')[1], tasks: [arn] });
      return tasks![0]!;
    },
    async report(change) {
      await ecs.controlPlane.submitTaskStateChange({ cluster: 'demo', containers: [], ...change });
      await queue.idle();
    },
    interfaces: () => store.read((reader) => reader.list(interfaceKind)).map(({ spec }) => spec),
    async end() {
      life.abort();
      await queue.stopped;
      await store.close();
    },
  };
}

function resolveImage(named: string) {
  const reference = named.replace(/^123456789012\.dkr\.ecr\.us-east-1\.amazonaws\.com\//, 'localhost:4566/');
  const name = /^localhost:4566\/([^:]+)/.exec(reference)?.[1];
  if (name === undefined) return undefined;
  const arn = `arn:aws:ecr:us-east-1:123456789012:repository/${name}`;
  const registry = { registryId: home.account, region: home.region, endpoint: 'localhost:4566' };
  return { ...registry, repositoryName: name, repositoryArn: arn, reference, repositoryUri: `localhost:4566/${name}` };
}

const tokens = new PageTokens(Buffer.alloc(32, 1));

function contextOf({ account, region }: Scope, now: Date, operation: string): Context {
  const arn = `arn:aws:iam::${account}:root`;
  const principal = { account, arn, userId: account, accessKeyId: 'AKIA' };
  const source = {
    requestId: 'r',
    principal,
    region,
    now,
    sourceAddress: '127.0.0.1',
    model: 'ecs' as const,
    operation,
  };
  return createContext(source, tokens);
}
