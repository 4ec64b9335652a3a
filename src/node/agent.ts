// The node: takes the control plane's messages, watches the engine, and has one runner for each task.

import type { Clock } from '#kernel/clock.ts';
import { messageOf } from '#kernel/error.ts';
import type { Log } from '#kernel/log.ts';
import type { Random } from '#kernel/random.ts';
import type { Container, ContainerEvent, Runtime, Volume } from '#drivers/runtime.ts';
import { backoffMs } from './backoff.ts';
import { Gate } from './gate.ts';
import { Images } from './images.ts';
import type { RegistryLogin } from './images.ts';
import { label, taskOfLabels } from './labels.ts';
import type { LogSink } from './log-sink.ts';
import { thisMachine } from './machine.ts';
import type { Machine } from './machine.ts';
import type {
  AgentSession,
  ControlPlane,
  PayloadMessage,
  PayloadTask,
  TaskManifestMessage,
  TaskStateChange,
} from './messages.ts';
import { busyboxPause, PauseGround } from './pause.ts';
import type { PauseProgram } from './pause.ts';
import { Reporter } from './reporter.ts';
import type { Means } from './task-actions.ts';
import { TaskRunner } from './task-runner.ts';

export interface NodeOptions {
  readonly runtime: Runtime;
  readonly controlPlane: ControlPlane;
  readonly registryLogin: RegistryLogin;
  readonly logSink: LogSink;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Tells this installation's containers from others' on the same engine. */
  readonly installation: string;
  readonly containerInstanceArn: string;
  /** Where the engine runs; this machine when absent. */
  readonly machine?: Machine;
  readonly pauseProgram?: PauseProgram;
}

export interface Node {
  /** The control plane's end of the connection. Messages are taken at any time, acted on while `run` runs. */
  readonly session: AgentSession;
  /** Works until `signal` aborts; tasks run on, and another node of the same installation adopts them. Call once. */
  run(signal: AbortSignal): Promise<void>;
  /**
   * For the end of an installation's work, once all tasks have stopped: resolves when nothing of it is left on the
   * engine, its bridges included. Needs `run`.
   */
  clear(): Promise<void>;
}

export function createNode(options: NodeOptions): Node {
  const agent = new Agent(options);
  return { session: agent, run: (signal) => agent.run(signal), clear: () => agent.clear() };
}

interface Known {
  readonly runner: TaskRunner;
  seqNum: number;
}

/** What the engine has of a task. */
interface Found {
  readonly containers: readonly Container[];
  readonly volumes: readonly Volume[];
}

const startsAtOnce = 8;
const endsAtOnce = 16;
/** Events announce changes; this only bounds how long one that was lost can go unseen. */
const resyncMs = 60_000;
/** How many ended tasks are remembered, in case the control plane asks for one once more. */
const rememberedTasks = 1_000;

class Agent implements AgentSession {
  readonly #options: NodeOptions;
  readonly #means: Means;
  readonly #runners = new Map<string, Known>();
  /** Payloads that came before the first look at the engine. */
  readonly #pending = new Map<string, { readonly task: PayloadTask; readonly seqNum: number }>();
  /** Tasks that ended here, with what was last said of them. */
  readonly #ended = new Map<string, TaskStateChange | undefined>();
  /** What is on the engine, by task, and no runner looks after. */
  #unclaimed = new Map<string, Found>();
  #manifest: TaskManifestMessage | undefined;
  #signal: AbortSignal | undefined;
  #synced = false;
  readonly #firstLook = Promise.withResolvers<void>();

  constructor(options: NodeOptions) {
    const { runtime, installation, clock, random } = options;
    this.#options = options;
    this.#means = {
      runtime,
      images: new Images(options),
      pauseGround: new PauseGround(runtime, installation, options.pauseProgram ?? busyboxPause),
      logSink: options.logSink,
      clock,
      random,
      installation,
      machine: options.machine ?? thisMachine(),
      starts: new Gate(startsAtOnce),
      ends: new Gate(endsAtOnce),
    };
  }

  async payload(message: PayloadMessage): Promise<void> {
    this.#checkAddress(message);
    for (const task of message.tasks) this.#take(task, message.seqNum);
  }

  async manifest(message: TaskManifestMessage): Promise<void> {
    this.#checkAddress(message);
    const last = this.#manifest?.timeline ?? -Infinity;
    if (message.timeline <= last) {
      this.#options.log.warn('an old task manifest was dropped', { timeline: message.timeline, last });
      return;
    }
    this.#manifest = message;
    this.#endStrays();
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, random, log } = this.#options;
    this.#signal = signal;
    void this.#resync(signal);
    for (let failures = 1; !signal.aborted; failures++) {
      try {
        await this.#watch(signal, () => (failures = 0));
      } catch (thrown) {
        if (signal.aborted) break;
        log.warn('the container engine does not answer', { failures, why: messageOf(thrown) });
      }
      await clock.sleep(backoffMs(Math.max(failures, 1), random), signal);
    }
  }

  async clear(): Promise<void> {
    const { runtime, installation } = this.#options;
    await this.#firstLook.promise;
    await Promise.all([...this.#runners.values()].map(({ runner }) => runner.cleared));
    for (const name of await runtime.networks({ [label.installation]: installation }))
      await runtime.removeNetwork(name);
    this.#means.pauseGround.forget();
  }

  #checkAddress(message: { readonly containerInstanceArn: string }): void {
    const { containerInstanceArn } = this.#options;
    if (message.containerInstanceArn === containerInstanceArn) return;
    throw new Error(`message for ${message.containerInstanceArn} reached ${containerInstanceArn}`);
  }

  #take(task: PayloadTask, seqNum: number): void {
    const known = this.#runners.get(task.arn);
    if (known !== undefined) {
      if (seqNum < known.seqNum) return;
      known.seqNum = seqNum;
      known.runner.wish(task);
    } else if (this.#ended.has(task.arn)) {
      this.#repeat(this.#ended.get(task.arn));
    } else if (this.#synced) {
      this.#start(task, seqNum);
    } else {
      const before = this.#pending.get(task.arn)?.task;
      // A stop names no containers; those of the payload before it still say what to report.
      this.#pending.set(task.arn, {
        task: before === undefined ? task : { ...before, desiredStatus: task.desiredStatus },
        seqNum,
      });
    }
  }

  /** A task that ended here is not started again: the control plane is told once more how it ended. */
  #repeat(change: TaskStateChange | undefined): void {
    if (change === undefined || this.#signal === undefined) return;
    new Reporter({ ...this.#options, signal: this.#signal }, () => undefined).offer(change);
  }

  #start(task: PayloadTask, seqNum: number, isWanted = true): void {
    const found = this.#unclaimed.get(task.arn)?.containers ?? [];
    this.#unclaimed.delete(task.arn);
    const log = this.#options.log.with({ task: task.arn });
    const runner = new TaskRunner({ ...this.#options, log, means: this.#means, signal: this.#signal! }, task, found);
    this.#runners.set(task.arn, { runner, seqNum });
    void runner.cleared.then((last) => {
      this.#runners.delete(task.arn);
      if (!this.#ended.has(task.arn)) this.#ended.set(task.arn, last);
      if (this.#ended.size > rememberedTasks) this.#ended.delete(this.#ended.keys().next().value!);
    });
    if (isWanted) runner.step();
    else runner.disown();
  }

  /** Ends what the manifest does not name: never before there is one, and never what was wanted after it was written. */
  #endStrays(): void {
    const { log } = this.#options;
    if (this.#manifest === undefined) return;
    const { timeline, tasks } = this.#manifest;
    const named = new Map(tasks.map((each) => [each.taskArn, each.desiredStatus]));
    for (const [arn, { runner, seqNum }] of this.#runners) {
      if (!named.has(arn) && seqNum < timeline) runner.disown();
    }
    for (const [arn, found] of this.#unclaimed) {
      const task = taskOfLabels(found.containers, found.volumes);
      // A task that ended here may have left a container that it never heard was made; the manifest does not know better.
      const isOver = this.#ended.has(arn);
      if ((named.get(arn) === 'RUNNING' && !isOver) || task === undefined) continue;
      const isWanted = named.has(arn) && !isOver;
      if (!isWanted) log.warn('containers or volumes of a task that is not wanted are removed', { task: arn });
      this.#start(task, timeline, isWanted);
    }
  }

  /** Follows the engine's events until they end; throws RuntimeError `unavailable` when the engine goes away. */
  async #watch(signal: AbortSignal, onSynced: () => void): Promise<void> {
    const watching = new AbortController();
    const either = AbortSignal.any([signal, watching.signal]);
    const events = this.#options.runtime.events(label.installation, either)[Symbol.asyncIterator]();
    // Listening begins before listing: what happens in between is then seen twice rather than never.
    let next = events.next();
    next.catch(() => undefined);
    try {
      await this.#sync();
      onSynced();
      for (let result = await next; result.done !== true; result = await next) {
        next = events.next();
        this.#heed(result.value);
      }
    } finally {
      watching.abort();
    }
  }

  #heed(event: ContainerEvent): void {
    const arn = event.labels[label.taskArn];
    if (event.labels[label.installation] !== this.#options.installation || arn === undefined) return;
    this.#refresh(arn, (container) => container.id === event.id);
  }

  #refresh(arn: string, isConcerned: (container: Container) => boolean): void {
    this.#runners
      .get(arn)
      ?.runner.refresh(isConcerned)
      // Whatever was missed is seen when the engine is listed again, at the latest after resyncMs.
      .catch((thrown) =>
        this.#options.log.warn('a container could not be looked at', { task: arn, why: messageOf(thrown) }),
      );
  }

  async #resync(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options;
    for (;;) {
      await clock.sleep(resyncMs, signal);
      if (signal.aborted) return;
      await this.#sync().catch((thrown) => log.warn('containers could not be listed', { why: messageOf(thrown) }));
    }
  }

  #withoutRunner(
    containers: ReadonlyMap<string, readonly Container[]>,
    volumes: ReadonlyMap<string, readonly Volume[]>,
  ): Map<string, Found> {
    const arns = new Set([...containers.keys(), ...volumes.keys()].filter((arn) => !this.#runners.has(arn)));
    return new Map(
      Array.from(arns, (arn) => [arn, { containers: containers.get(arn) ?? [], volumes: volumes.get(arn) ?? [] }]),
    );
  }

  /** Compares everything that the engine has with what is known. */
  async #sync(): Promise<void> {
    const { runtime, installation } = this.#options;
    const own = { [label.installation]: installation };
    const [listed, volumes] = await Promise.all([runtime.list(own), runtime.volumes(own)]);
    if (this.#signal!.aborted) return;
    const groups = Map.groupBy(listed, byTask);
    const present = new Set(listed.map((container) => container.id));
    for (const [arn, { runner }] of this.#runners) {
      for (const container of groups.get(arn) ?? []) runner.listed(container);
      this.#refresh(arn, (container) => !present.has(container.id));
      groups.delete(arn);
    }
    this.#unclaimed = this.#withoutRunner(groups, Map.groupBy(volumes, byTask));
    this.#synced = true;
    this.#firstLook.resolve();
    for (const { task, seqNum } of this.#pending.values()) this.#start(task, seqNum);
    this.#pending.clear();
    this.#endStrays();
  }
}

function byTask({ labels }: { readonly labels: Readonly<Record<string, string>> }): string {
  return labels[label.taskArn] ?? '';
}
