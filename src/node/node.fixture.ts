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

/** Tells those who wait for a condition when something happened that may fulfil it. */
class Happenings {
  readonly #waiting = new Set<() => void>();

  /** Resolves once `condition` holds. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#waiting.add(resolve));
  }

  happened(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}

/** A log sink in memory; groups must be made known, or created where asked. */
export class MemorySink extends Happenings implements LogSink {
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
    this.happened();
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
export class MemoryControlPlane extends Happenings implements ControlPlane {
  readonly changes: TaskStateChange[] = [];
  rejecting = false;

  async submitTaskStateChange(change: TaskStateChange): Promise<void> {
    if (this.rejecting) throw new Error('not now');
    this.changes.push(change);
    this.happened();
  }

  of(n: number): TaskStateChange[] {
    return this.changes.filter((each) => each.task === arnOf(n));
  }

  stopped(n: number): TaskStateChange | undefined {
    return this.of(n).find((each) => each.status === 'STOPPED');
  }
}

/** A fake engine with a node on it, which can be killed and started again. */
export class Harness {
  readonly clock = new VirtualClock();
  readonly random = seededRandom(7);
  readonly engine: FakeEngine;
  readonly controlPlane = new MemoryControlPlane();
  readonly sink = new MemorySink();
  #node: Node | undefined;
  #kill: () => void = () => {};
  #seqNum = 0;

  /** Every call to the engine takes `latencyMs`. */
  constructor(latencyMs: number) {
    this.engine = new FakeEngine({ clock: this.clock, random: this.random, latencyMs: () => latencyMs });
  }

  /** Starts a node, ending the one before as if its process were killed. */
  boot(options: Partial<NodeOptions> = {}): Node {
    this.#kill();
    const life = new AbortController();
    const runtime = new FakeRuntime(this.engine);
    this.#node = createNode({
      runtime,
      controlPlane: this.controlPlane,
      logSink: this.sink,
      registryLogin: async () => ({ username: 'AWS', password: 'secret' }),
      clock: this.clock,
      random: this.random,
      log: silentLog,
      installation: 'test',
      containerInstanceArn,
      machine: { cpus: 2, openFiles: 1_048_576 },
      ...options,
    });
    this.#kill = () => {
      runtime.disconnect();
      life.abort();
    };
    void this.#node.run(life.signal);
    return this.#node;
  }

  /** Sends a payload of tasks to the node. */
  async want(...tasks: PayloadTask[]): Promise<void> {
    await this.#node!.session.payload({ ...this.#message(), seqNum: this.#seqNum, tasks });
  }

  /** Sends a manifest that names these tasks. */
  async manifest(...tasks: PayloadTask[]): Promise<void> {
    const named = tasks.map(({ arn, taskClusterArn, desiredStatus }) => ({
      taskArn: arn,
      taskClusterArn,
      desiredStatus,
    }));
    await this.#node!.session.manifest({ ...this.#message(), timeline: this.#seqNum, tasks: named });
  }

  /** Ends the node. */
  async end(): Promise<void> {
    this.#kill();
    await this.clock.advance(20_000);
  }

  /** Names of the containers on the engine, in order. */
  names(): string[] {
    return [...this.engine.containers.values()].map((each) => each.spec.name).toSorted();
  }

  #message(): { clusterArn: string; containerInstanceArn: string; messageId: string } {
    this.#seqNum++;
    return { clusterArn, containerInstanceArn, messageId: `m${this.#seqNum}` };
  }
}

export function harness(latencyMs = 1): Harness {
  return new Harness(latencyMs);
}
