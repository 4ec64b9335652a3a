// Carries out the actions of a plan on the engine, and notes in the task's state what the engine then says.
import type { Clock } from '#kernel/clock.ts';
import { AwsError, messageOf } from '#kernel/error.ts';
import type { Random } from '#kernel/random.ts';
import { RuntimeError } from '#drivers/runtime.ts';
import type { ContainerSpec, Runtime } from '#drivers/runtime.ts';
import { backoffMs } from './backoff.ts';
import { containerSpecOf } from './container-spec.ts';
import type { Gate } from './gate.ts';
import { digestOf, TaskFailure } from './images.ts';
import type { Images } from './images.ts';
import { containerNameOf, label, pauseContainerName, volumeOf } from './labels.ts';
import { logDestinationOf } from './log-destination.ts';
import type { LogSink } from './log-sink.ts';
import type { Machine } from './machine.ts';
import { pauseSpecOf } from './pause.ts';
import type { PauseGround } from './pause.ts';
import type { TaskAction } from './plan-task.ts';
import { cannotCreate, cannotCreateVolume, cannotOpenLog, cannotSetUpNetwork, cannotStart } from './reasons.ts';
import { hasStarted, observe } from './task-state.ts';
import type { ContainerState, PartState, Subject, TaskState } from './task-state.ts';

/** What actions act with; shared by all tasks of a node. */
export interface Means {
  readonly runtime: Runtime;
  readonly images: Images;
  readonly pauseGround: PauseGround;
  readonly logSink: LogSink;
  readonly clock: Clock;
  readonly random: Random;
  readonly installation: string;
  readonly machine: Machine;
  /** How many containers may be made or started at once. */
  readonly starts: Gate;
  /** How many may be killed or removed at once: never behind those that start, nor behind stops, which only wait. */
  readonly ends: Gate;
}

/** Seconds; ECS_CONTAINER_STOP_TIMEOUT's default. */
const defaultStopTimeout = 30;
/** Tries where the address may still be held by a task that is ending, or the image was deleted under the task. */
const patience = 10;
const logTries = 5;
/** The exit code of whatever SIGKILL ended. */
const killed = 137;

/**
 * One action on one task. What fails for good is written into the state, in AWS's words; throws what is worth another
 * try (RuntimeError, mostly `unavailable`).
 */
export function perform(action: TaskAction, state: TaskState, means: Means, signal: AbortSignal): Promise<void> {
  const { starts, ends } = means;
  switch (action.do) {
    case 'pull':
      return pull(state, containerOf(state, action.container), means, signal);
    case 'create-pause':
      return starts.run(() => createPause(state, means));
    case 'start-pause':
      return starts.run(() => startPause(state, means));
    case 'create-volumes':
      return starts.run(() => createVolumes(state, means));
    case 'remove-volumes':
      return ends.run(() => removeVolumes(state, means));
    case 'create':
      return starts.run(() => create(state, containerOf(state, action.container), means, signal));
    case 'start':
      return starts.run(() => start(containerOf(state, action.container), means));
    case 'stop':
      return stop(containerOf(state, action.container), means);
    case 'look':
      return lookAgain(containerOf(state, action.container), means);
    case 'kill-pause':
      return ends.run(() => killPause(state, means));
    case 'remove':
      return ends.run(() => remove(containerOf(state, action.container), means));
    case 'remove-pause':
      return ends.run(() => remove(state.pause, means));
  }
}

/** The part of the task that an action is about. */
export function subjectOf(action: TaskAction, state: TaskState): Subject {
  if (action.do === 'create-volumes' || action.do === 'remove-volumes') return state.volumes;
  return 'container' in action ? containerOf(state, action.container) : state.pause;
}

function containerOf(state: TaskState, name: string): ContainerState {
  return state.containers.find((each) => each.definition.name === name)!;
}

/** Asks the engine how a part is; one that was there and is not is gone. True where that was news. */
export async function look(part: PartState, runtime: Runtime): Promise<boolean> {
  if (part.observed === undefined || part.gone) return false;
  const container = await runtime.inspect(part.observed.id);
  if (container !== undefined) return observe(part, container);
  part.gone = true;
  return true;
}

async function pull(state: TaskState, container: ContainerState, means: Means, signal: AbortSignal): Promise<void> {
  state.pullStartedAt ??= means.clock.now();
  try {
    container.image = await means.images.pull(container.definition, signal);
    state.pullStoppedAt = means.clock.now();
  } catch (thrown) {
    if (!(thrown instanceof TaskFailure)) throw thrown;
    state.pullStoppedAt = means.clock.now();
    container.failure = thrown.message;
    state.failure ??= thrown.message;
  }
}

async function createPause(state: TaskState, means: Means): Promise<void> {
  const networkInterface = state.task.elasticNetworkInterfaces![0]!;
  let prepared = false;
  try {
    await means.pauseGround.prepare(networkInterface);
    prepared = true;
    await make(state.pause, pauseSpecOf(means.installation, state.task, networkInterface), means);
  } catch (thrown) {
    // The network or the image may have been removed since it was made.
    means.pauseGround.forget();
    if (isWorthAnotherTry(thrown, prepared ? ['conflict', 'not-found'] : [], state.pause)) throw thrown;
    state.failure ??= cannotSetUpNetwork(thrown);
  }
}

async function startPause(state: TaskState, means: Means): Promise<void> {
  const { pause } = state;
  try {
    if (pause.failures > 0) await means.pauseGround.prepare(state.task.elasticNetworkInterfaces![0]!);
    await means.runtime.start(pause.observed!.id);
    await look(pause, means.runtime);
  } catch (thrown) {
    means.pauseGround.forget();
    await look(pause, means.runtime);
    if (pause.gone || isWorthAnotherTry(thrown, ['conflict', 'not-found'], pause)) throw thrown;
    state.failure ??= cannotSetUpNetwork(thrown);
  }
}

async function createVolumes(state: TaskState, { runtime, installation }: Means): Promise<void> {
  const { task, volumes } = state;
  try {
    for (const { name } of task.volumes ?? []) await runtime.ensureVolume(volumeOf(installation, task, name));
    volumes.phase = 'made';
  } catch (thrown) {
    if (isWorthAnotherTry(thrown, [], volumes)) throw thrown;
    state.failure ??= cannotCreateVolume(thrown);
  }
}

async function create(state: TaskState, container: ContainerState, means: Means, signal: AbortSignal): Promise<void> {
  try {
    await openLog(state, container, means, signal);
    const { definition, image } = container;
    const spec = containerSpecOf(state.task, definition, {
      installation: means.installation,
      machine: means.machine,
      pauseId: state.pause.observed!.id,
      imageDigest: image === undefined ? undefined : digestOf(image, definition.image),
    });
    await make(container, spec, means);
  } catch (thrown) {
    if (isWorthAnotherTry(thrown, [], container)) throw thrown;
    if (await isImageMissing(thrown, container, means)) {
      container.image = undefined;
      throw thrown;
    }
    container.failure = thrown instanceof TaskFailure ? thrown.message : cannotCreate(thrown);
    if (thrown instanceof TaskFailure) state.failure ??= thrown.message;
  }
}

/** An image that was deleted between its pull and its use is pulled again. */
async function isImageMissing(thrown: unknown, container: ContainerState, means: Means): Promise<boolean> {
  if (!(thrown instanceof RuntimeError) || thrown.reason !== 'not-found' || container.failures >= patience)
    return false;
  return (await means.runtime.image(container.definition.image)) === undefined;
}

/** The stream must exist before the container: without it the task fails to start, as with Fargate's log router. */
async function openLog(state: TaskState, container: ContainerState, means: Means, signal: AbortSignal): Promise<void> {
  const destination = logDestinationOf(state.task, container.definition);
  if (destination === undefined) return;
  for (let attempt = 1; ; attempt++) {
    try {
      await means.logSink.open(destination);
      return;
    } catch (thrown) {
      const isRefused = thrown instanceof AwsError && thrown.fault === 'client';
      if (isRefused || attempt === logTries) throw new TaskFailure(cannotOpenLog(thrown, attempt));
      await means.clock.sleep(backoffMs(attempt, means.random), signal);
    }
  }
}

/** Makes a container, or adopts the one that has its name because it was made before. */
async function make(part: PartState, spec: ContainerSpec, means: Means): Promise<void> {
  let id = spec.name;
  try {
    id = await means.runtime.create(spec);
  } catch (thrown) {
    if (!(thrown instanceof RuntimeError) || thrown.reason !== 'conflict') throw thrown;
    const present = await means.runtime.inspect(spec.name);
    const own = [label.taskArn, label.installation, label.containerName];
    if (present === undefined || own.some((each) => present.labels[each] !== spec.labels[each])) throw thrown;
  }
  const container = await means.runtime.inspect(id);
  // Removed by somebody before it was ever seen, so before it was started: it must not count as one that ran.
  if (container === undefined) throw new RuntimeError('not-found', `No such container: ${spec.name}`);
  observe(part, container);
}

async function start(container: ContainerState, means: Means): Promise<void> {
  // A try that failed may have started it all the same, and it may have ended since: nothing is started twice.
  if (container.unsure) await lookAgain(container, means);
  if (hasStarted(container)) return;
  container.unsure = true;
  try {
    await means.runtime.start(container.observed!.id);
  } catch (thrown) {
    if (isWorthAnotherTry(thrown, [], container)) throw thrown;
    container.failure = cannotStart(thrown);
  }
  await lookAgain(container, means);
}

/** What came of a start is known once the engine has said how the container is after it. */
async function lookAgain(container: ContainerState, means: Means): Promise<void> {
  await look(container, means.runtime);
  container.unsure = false;
}

async function stop(container: ContainerState, means: Means): Promise<void> {
  const { observed, definition } = container;
  await unlessGone(() => means.runtime.stop(observed!.id, definition.stopTimeout ?? defaultStopTimeout));
  await look(container, means.runtime);
}

/** One that somebody removed meanwhile needs no stop; that it is gone is seen when it is looked at. */
async function unlessGone(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (thrown) {
    if (!(thrown instanceof RuntimeError) || thrown.reason !== 'not-found') throw thrown;
  }
}

/** It has nothing to save and ignores SIGTERM; the stop only waits for its end. */
async function killPause({ pause, containers }: TaskState, means: Means): Promise<void> {
  await unlessGone(() => means.runtime.kill(pause.observed!.id, 'SIGKILL'));
  await unlessGone(() => means.runtime.stop(pause.observed!.id, 0));
  // Docker may learn that memory was the cause only after it saw the end.
  for (const each of containers) if (each.observed?.exitCode === killed) await look(each, means.runtime);
  await look(pause, means.runtime);
}

async function remove(part: PartState, means: Means): Promise<void> {
  if (part.observed !== undefined) await means.runtime.remove(part.observed.id);
  part.gone = true;
}

/** Those that its labels tell of, and those that somebody's hand had removed before a container made them anew. */
async function removeVolumes({ task, volumes }: TaskState, { runtime, installation }: Means): Promise<void> {
  const labelled = await runtime.volumes({ [label.installation]: installation, [label.taskArn]: task.arn });
  const named = (task.volumes ?? []).map((each) => volumeOf(installation, task, each.name));
  for (const name of new Set([...labelled, ...named].map((each) => each.name))) await runtime.removeVolume(name);
  volumes.phase = 'removed';
}

function isWorthAnotherTry(thrown: unknown, reasons: readonly string[], part: Subject): boolean {
  if (!(thrown instanceof RuntimeError)) return false;
  return thrown.reason === 'unavailable' || (reasons.includes(thrown.reason) && part.failures < patience);
}

/** For logs: what an action was about. */
export function describe(action: TaskAction, state: TaskState): Record<string, string> {
  if (subjectOf(action, state) === state.volumes) return { task: state.task.arn, action: action.do };
  const name = 'container' in action ? action.container : pauseContainerName;
  return { task: state.task.arn, action: action.do, container: containerNameOf(state.task, name) };
}

/** For logs: why an action is tried again. */
export function whyAgain(thrown: unknown): Record<string, unknown> {
  return thrown instanceof RuntimeError ? { why: thrown.message, reason: thrown.reason } : { why: messageOf(thrown) };
}
