// For tests: a node on the fake engine and a virtual clock, with a control plane and a log sink that remember all.
import { AwsError } from '#kernel/error.ts';
import { silentLog } from '#kernel/log.ts';
import { seededRandom } from '#kernel/seeded-random.ts';
import { VirtualClock } from '#kernel/virtual-clock.ts';
import { FakeEngine } from '#drivers/fake-engine.ts';
import { FakeRuntime } from '#drivers/runtime-fake.ts';
import { createNode } from './agent.ts';
import type { Node, NodeOptions } from './agent.ts';
import type { LogSink, LogSinkDestination, LogSinkLine, LogSinkPosition } from './log-sink.ts';
import type { ControlPlane, PayloadContainer, PayloadTask, TaskStateChange } from './messages.ts';

export const clusterArn = 'arn:aws:ecs:us-east-1:123456789012:cluster/demo';
export const containerInstanceArn = 'arn:aws:ecs:us-east-1:123456789012:container-instance/demo/0a1b';

/** A task's ARN; `n` is one hexadecimal digit. */
export function arnOf(n: number): string {
  return `arn:aws:ecs:us-east-1:123456789012:task/demo/${n.toString(16).repeat(32)}`;
}

export function containerOf(
  name: string,
  parts: Partial<PayloadContainer> = {},
  hostConfig: object = {},
): PayloadContainer {
  return {
    name,
    image: 'app:1',
    essential: true,
    cpu: 0,
    memory: 0,
    environment: {},
    containerArn: `arn:aws:ecs:us-east-1:123456789012:container/demo/${name}`,
    dockerConfig: { version: '1.41', config: '{}', hostConfig: JSON.stringify(hostConfig) },
    ...parts,
  };
}

/** The hostConfig of an awslogs container. */
export function awslogs(group = '/ecs/demo', options: Record<string, string> = {}): object {
  return {
    LogConfig: {
      Type: 'awslogs',
      Config: { 'awslogs-group': group, 'awslogs-region': 'us-east-1', 'awslogs-stream-prefix': 'ecs', ...options },
    },
  };
}

export function taskOf(
  n: number,
  containers: readonly PayloadContainer[],
  parts: Partial<PayloadTask> = {},
): PayloadTask {
  return {
    arn: arnOf(n),
    taskClusterArn: clusterArn,
    family: 'demo',
    version: '1',
    desiredStatus: 'RUNNING',
    networkMode: 'awsvpc',
    launchType: 'FARGATE',
    cpu: 0.25,
    memory: 512,
    elasticNetworkInterfaces: [
      {
        attachmentArn: `arn:aws:ecs:us-east-1:123456789012:attachment/${n}`,
        attachType: 'task-eni',
        ec2Id: `eni-${n}`,
        macAddress: `02:42:ac:1f:00:${(16 + n).toString(16)}`,
        ipv4Addresses: [{ primary: true, privateAddress: `172.31.0.${16 + n}` }],
        domainNameServers: [],
        privateDnsName: `ip-172-31-0-${16 + n}.ec2.internal`,
        subnetGatewayIpv4Address: '172.31.0.1/20',
        vpc: { id: 'vpc-1', cidrBlock: '172.31.0.0/16', gateway: '172.31.0.1' },
      },
    ],
    containers,
    ...parts,
  };
}

/** A log sink in memory; groups must be made known, or created where asked. */
export class MemorySink implements LogSink {
  readonly groups = new Set<string>(['/ecs/demo']);
  readonly streams = new Map<string, LogSinkLine[]>();
  appends = 0;
  /** Set to let the next appends fail, after so many of their lines were kept. */
  failing: { times: number; keep: number } = { times: 0, keep: 0 };
  onAppend: () => Promise<void> = async () => {};

  async open(destination: LogSinkDestination): Promise<LogSinkPosition | undefined> {
    if (destination.createGroup) this.groups.add(destination.logGroupName);
    if (!this.groups.has(destination.logGroupName)) {
      throw new AwsError('ResourceNotFoundException', 'The specified log group does not exist.');
    }
    const lines = this.#lines(destination);
    const timestamp = lines.at(-1)?.timestamp;
    if (timestamp === undefined) return undefined;
    return { timestamp, count: lines.filter((line) => line.timestamp === timestamp).length };
  }

  async append(destination: LogSinkDestination, lines: readonly LogSinkLine[]): Promise<void> {
    this.appends++;
    await this.onAppend();
    if (this.failing.times > 0) {
      this.failing.times--;
      this.#lines(destination).push(...lines.slice(0, this.failing.keep));
      throw new Error('the disk is full');
    }
    this.#lines(destination).push(...lines);
  }

  texts(stream: string, group = '/ecs/demo'): string[] {
    return (this.streams.get(`${group}|${stream}`) ?? []).map((line) => line.text);
  }

  #lines({ logGroupName, logStreamName }: LogSinkDestination): LogSinkLine[] {
    const key = `${logGroupName}|${logStreamName}`;
    const lines = this.streams.get(key) ?? [];
    this.streams.set(key, lines);
    return lines;
  }
}

/** A control plane that takes everything down. */
export class MemoryControlPlane implements ControlPlane {
  readonly changes: TaskStateChange[] = [];
  rejecting = false;

  async submitTaskStateChange(change: TaskStateChange): Promise<void> {
    if (this.rejecting) throw new Error('not now');
    this.changes.push(change);
  }

  of(n: number): TaskStateChange[] {
    return this.changes.filter((each) => each.task === arnOf(n));
  }

  stopped(n: number): TaskStateChange | undefined {
    return this.of(n).find((each) => each.status === 'STOPPED');
  }
}

export interface Harness {
  readonly clock: VirtualClock;
  readonly engine: FakeEngine;
  readonly controlPlane: MemoryControlPlane;
  readonly sink: MemorySink;
  /** Starts a node, ending the one before as if its process were killed. */
  boot(options?: Partial<NodeOptions>): Node;
  /** Sends a payload of tasks to the node. */
  want(...tasks: PayloadTask[]): Promise<void>;
  /** Sends a manifest that names these tasks. */
  manifest(...tasks: PayloadTask[]): Promise<void>;
  /** Ends the node. */
  end(): Promise<void>;
  /** Names of the containers on the engine, in order. */
  names(): string[];
}

export function harness(latencyMs = 1): Harness {
  const clock = new VirtualClock();
  const random = seededRandom(7);
  const engine = new FakeEngine({ clock, random, latencyMs: () => latencyMs });
  const controlPlane = new MemoryControlPlane();
  const sink = new MemorySink();
  let node: Node | undefined;
  let kill = () => {};
  let seqNum = 0;
  const message = () => ({ clusterArn, containerInstanceArn, messageId: `m${++seqNum}` });
  return {
    clock,
    engine,
    controlPlane,
    sink,
    boot(options = {}) {
      kill();
      const life = new AbortController();
      const runtime = new FakeRuntime(engine);
      node = createNode({
        runtime,
        controlPlane,
        logSink: sink,
        registryLogin: async () => ({ username: 'AWS', password: 'secret' }),
        clock,
        random,
        log: silentLog,
        installation: 'test',
        containerInstanceArn,
        cpus: 2,
        ...options,
      });
      kill = () => {
        runtime.disconnect();
        life.abort();
      };
      void node.run(life.signal);
      return node;
    },
    async want(...tasks) {
      const own = message();
      await node!.session.payload({ ...own, seqNum, tasks });
    },
    async manifest(...tasks) {
      const own = message();
      const named = tasks.map((each) => ({
        taskArn: each.arn,
        taskClusterArn: each.taskClusterArn,
        desiredStatus: each.desiredStatus,
      }));
      await node!.session.manifest({ ...own, timeline: seqNum, tasks: named });
    },
    async end() {
      kill();
      await clock.advance(20_000);
    },
    names: () => [...engine.containers.values()].map((each) => each.spec.name).toSorted(),
  };
}
