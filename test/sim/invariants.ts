// What must hold of tasks: while things happen, and once all is quiet.
import type { FakeContainer } from '#drivers/fake-container.ts';
import type { FakeEngine } from '#drivers/fake-engine.ts';
import type { ContainerEvent, ContainerSpec } from '#drivers/runtime.ts';
import { sameJson } from '#kernel/json.ts';
import type { DocumentRow } from '#kernel/store.ts';
import { short, type History } from './history.ts';
import type { Order, Ordered, Task } from './orders.ts';

/** What the simulation reads of a durable task. */
export interface TaskDocument {
  readonly spec: {
    readonly id: string;
    readonly family: string;
    readonly startedBy?: string;
    readonly stop?: { readonly code: string; readonly reason: string };
  };
  readonly status: {
    readonly lastStatus: string;
    readonly version: number;
    readonly startedAt?: number;
    readonly networkInterface?: { readonly networkInterfaceId: string; readonly privateIpAddress: string };
    readonly containers: readonly TaskContainer[];
    readonly stopCode?: string;
    readonly stoppedReason?: string;
  };
}

interface TaskContainer {
  readonly name: string;
  readonly lastStatus: string;
  readonly exitCode?: number;
  readonly runtimeId?: string;
  readonly reason?: string;
  readonly healthStatus?: string;
}

export interface InterfaceDocument {
  readonly spec: { readonly networkInterfaceId: string; readonly privateIpAddress: string };
}

/** A container that was started, kept after its removal. */
export interface Ran {
  readonly container: FakeContainer;
  /** Which control plane's life it was started in. */
  readonly life: number;
  /** The id of its task. */
  readonly task: string;
  /** Its name in the task. */
  readonly name: string;
}

/** https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html */
const order = [
  'PROVISIONING',
  'PENDING',
  'ACTIVATING',
  'RUNNING',
  'DEACTIVATING',
  'STOPPING',
  'DEPROVISIONING',
  'STOPPED',
];

export class Invariants {
  readonly #history: History;
  readonly #engine: FakeEngine;
  readonly #tasks = new Map<string, TaskDocument>();
  readonly #interfaces = new Map<string, InterfaceDocument>();
  /** Everything that ever ran on the engine, in the order of its starts. */
  readonly ran: Ran[] = [];
  /** Ids of containers that somebody removed by hand. */
  readonly removedByHand = new Set<string>();
  /** Ids of tasks of which a container was crashed, killed or removed. */
  readonly struck = new Set<string>();
  #life = 0;
  #replies = 0;

  constructor(history: History, engine: FakeEngine) {
    this.#history = history;
    this.#engine = engine;
    engine.listen((event) => event && this.#happened(event));
  }

  /** A moment between the replies that clients had. */
  get moment(): number {
    return this.#replies;
  }

  /** A control plane begins a life. */
  begins(life: number): void {
    this.#life = life;
  }

  /** A document became durable. */
  landed({ kind, key, body: after }: DocumentRow): void {
    if (kind === 'ecs/task') {
      const was = this.#tasks.get(key);
      keep(this.#tasks, key, after);
      this.#taskLanded(key, was, this.#tasks.get(key));
    } else if (kind === 'ec2/network-interface') {
      keep(this.#interfaces, key, after);
      this.#interfaceLanded();
    }
  }

  /** A container is asked for: its task must be known for certain, and not be over. */
  creating(spec: ContainerSpec): void {
    const task = this.#taskOf(spec.labels);
    if (task === undefined) this.#history.violated(`a container without a task is made: ${spec.name}`);
    else if (isOver(task)) this.#history.violated(`a container of a task that is over is made: ${spec.name}`);
  }

  /** Somebody or something does a container harm. */
  strikes(container: FakeContainer): void {
    this.struck.add(idOf(container.spec.labels['com.amazonaws.ecs.task-arn'] ?? ''));
  }

  /** A client was told that its tasks will run: they must be durable by then. */
  acknowledged({ name, count, tasks: told }: Order): void {
    if (told.length !== count) this.#history.violated(`${name} asked for ${count} tasks and was given ${told.length}`);
    for (const { arn } of told) {
      if (this.#byId(idOf(arn)) === undefined)
        this.#history.violated(`an acknowledged task is not durable: ${short(arn)}`);
    }
  }

  /**
   * A client was told what a task is, in a reply to a request that it made at `asked`. Replies to requests that were under
   * way at once may come in any order.
   */
  described(task: Ordered, now: Task, asked: number): void {
    const before = task.seen;
    if (now.version! < before.version! && asked < task.seenAt) return;
    const { input, name } = task.order;
    const say = (what: string) => this.#history.violated(`task ${short(task.arn)} of ${name} ${what}`);
    if (order.indexOf(now.lastStatus!) < order.indexOf(before.lastStatus!)) {
      say(`was ${before.lastStatus} and is ${now.lastStatus} again`);
    }
    if (before.desiredStatus === 'STOPPED' && now.desiredStatus !== 'STOPPED') say('was to stop and is to run again');
    if (before.lastStatus === 'STOPPED' && !isSaidTheSame(before, now)) say('changed after it had STOPPED');
    if (!sameJson(now.tags, input.tags)) say(`lost its tags: ${JSON.stringify(now.tags)}`);
    const overrides = now.overrides?.containerOverrides?.find((each) => each.name === 'app');
    if (!sameJson(overrides, input.overrides!.containerOverrides![0])) say('lost its overrides');
    if (now.startedBy !== input.startedBy) say('lost who started it');
    const durable = this.#byId(idOf(task.arn))?.status.version ?? 0;
    if (durable < now.version!) say(`was described in version ${now.version}, and only ${durable} is durable`);
    task.seen = now;
    task.seenAt = ++this.#replies;
  }

  #happened({ id, labels, action }: ContainerEvent): void {
    const { name } = this.#engine.history.at(-1)!;
    const container = this.#engine.find(id);
    this.#history.note(
      'engine',
      `${action} ${name}${action === 'die' ? ` with ${container?.describe().exitCode}` : ''}`,
    );
    if (action !== 'start') return;
    const task = this.#taskOf(labels);
    if (task === undefined) this.#history.violated(`a container without a task is started: ${name}`);
    else if (isOver(task)) this.#history.violated(`a container of a task that is over is started: ${name}`);
    const before = this.ran.find((each) => each.container.spec.name === name);
    if (before !== undefined && !this.#isTraceless(before, task)) this.#history.violated(`started twice: ${name}`);
    this.ran.push({
      container: container!,
      life: this.#life,
      task: idOf(labels['com.amazonaws.ecs.task-arn'] ?? ''),
      name: labels['com.amazonaws.ecs.container-name'] ?? name,
    });
  }

  /** Nobody can know of a container that was removed by hand when the life that started it had told nobody of it. */
  #isTraceless({ container, life }: Ran, task: TaskDocument | undefined): boolean {
    return this.removedByHand.has(container.id) && life < this.#life && task?.status.startedAt === undefined;
  }

  #taskLanded(key: string, before: TaskDocument | undefined, after: TaskDocument | undefined): void {
    const id = short(key);
    const say = (what: string) => this.#history.violated(`the durable task ${id} ${what}`);
    if (after === undefined) {
      if (before?.status.lastStatus !== 'STOPPED') say('was deleted before it had STOPPED');
      this.#history.note('disk', `task ${id} is forgotten`);
      return;
    }
    const [was, is] = [before?.status.lastStatus, after.status.lastStatus];
    if (was !== is) this.#history.note('disk', `task ${id} ${was ?? '-'} -> ${is}`);
    if (before === undefined) return;
    if (order.indexOf(is) < order.indexOf(was!)) say(`went back from ${was} to ${is}`);
    if (was === 'STOPPED') say(`changed after it had STOPPED: ${difference(before.status, after.status)}`);
    if (after.status.version <= before.status.version) say(`has version ${after.status.version} again`);
    for (const { name, lastStatus } of after.status.containers) {
      const earlier = before.status.containers.find((each) => each.name === name)!.lastStatus;
      if (order.indexOf(lastStatus) < order.indexOf(earlier)) say(`took ${name} back from ${earlier} to ${lastStatus}`);
    }
    if (before.spec.stop !== undefined && !sameJson(after.spec.stop, before.spec.stop))
      say('forgot that it was to stop');
  }

  #interfaceLanded(): void {
    const addresses = this.interfaces.map(({ spec }) => spec.privateIpAddress);
    const twice = addresses.find((address, at) => addresses.indexOf(address) !== at);
    if (twice !== undefined) this.#history.violated(`an address is given out twice: ${twice}`);
  }

  /** The durable tasks. */
  get tasks(): TaskDocument[] {
    return [...this.#tasks.values()];
  }

  /** The durable network interfaces. */
  get interfaces(): InterfaceDocument[] {
    return [...this.#interfaces.values()];
  }

  #taskOf(labels: Readonly<Record<string, string>>): TaskDocument | undefined {
    const arn = labels['com.amazonaws.ecs.task-arn'];
    return arn === undefined ? undefined : this.#byId(idOf(arn));
  }

  #byId(id: string): TaskDocument | undefined {
    return this.tasks.find(({ spec }) => spec.id === id);
  }
}

/** Whether a client could not tell two descriptions apart. */
function isSaidTheSame(one: Task, other: Task): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** The members in which two statuses differ. */
function difference(before: object, after: object): string {
  const members = new Set([...Object.keys(before), ...Object.keys(after)]);
  const say = (of: object, member: string) => JSON.stringify(Reflect.get(of, member));
  return [...members]
    .filter((member) => say(before, member) !== say(after, member))
    .map((member) => `${member} was ${say(before, member)} and is ${say(after, member)}`)
    .join(', ');
}

export function isOver({ status }: TaskDocument): boolean {
  return status.lastStatus === 'STOPPED';
}

function keep<T>(documents: Map<string, T>, key: string, body: string | undefined): void {
  if (body === undefined) documents.delete(key);
  else documents.set(key, JSON.parse(body) as T);
}

function idOf(arn: string): string {
  return arn.split('/').at(-1)!;
}
