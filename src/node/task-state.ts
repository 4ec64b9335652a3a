// What a node remembers of one task: what is wanted, and what was last observed of each of its containers.
import type { Container, Image } from '#drivers/runtime.ts';
import { containerNameIn, isPause, taskOfLabels } from './labels.ts';
import type { HealthStatus, PayloadContainer, PayloadTask } from './messages.ts';
import type { ContainerView, Phase, TaskView, VolumesView } from './plan-task.ts';
import { configRefusalOf, dependencyRefusalOf, refusalOf } from './refusal.ts';

/** What an action may be about. */
export interface Subject {
  busy: boolean;
  /** Failed tries of the action under way. */
  failures: number;
}

/** A container of the engine, seen through the node's eyes. */
export interface PartState extends Subject {
  observed: Container | undefined;
  /** It was there and is no more. */
  gone: boolean;
}

export interface VolumesState extends Subject {
  phase: VolumesView['phase'];
}

export interface ContainerState extends PartState {
  readonly definition: PayloadContainer;
  image: Image | undefined;
  /** Why it could not be made or started, in AWS's words. */
  failure: string | undefined;
  drained: boolean;
  late: boolean;
  /** What was last heard of its health while the task was to run. */
  health: HealthStatus | undefined;
  healthLate: boolean;
  /** A start of it had no answer: it may run although it was last seen before. */
  unsure: boolean;
}

export interface TaskState {
  task: PayloadTask;
  desired: 'RUNNING' | 'STOPPED';
  /** Why the task as a whole cannot run, in AWS's words. */
  failure: string | undefined;
  /** Why the task is stopping: written once, when it begins to; '' where the control plane asked for it. */
  cause: string | undefined;
  /** The control plane has it in writing that the task stopped, or does not want to hear of it. */
  acknowledged: boolean;
  attached: boolean;
  pullStartedAt: Date | undefined;
  pullStoppedAt: Date | undefined;
  readonly pause: PartState;
  readonly volumes: VolumesState;
  readonly containers: ContainerState[];
}

/**
 * A task as it is taken up: from its payload and whatever of it the engine has already. A payload that asks for a stop
 * names no containers; then those found are all there are.
 */
export function takeUp(task: PayloadTask, found: readonly Container[]): TaskState {
  const named = task.containers.length > 0 ? task.containers : (taskOfLabels(found)?.containers ?? []);
  const definitions = plain({ ...task, containers: named });
  const state: TaskState = {
    task: { ...task, containers: definitions },
    desired: task.desiredStatus,
    failure: task.desiredStatus === 'RUNNING' ? refusalOf(task) : undefined,
    cause: undefined,
    acknowledged: false,
    attached: false,
    pullStartedAt: undefined,
    pullStoppedAt: undefined,
    pause: newPart(),
    // Whoever wants a stop does not say whether the task has volumes: the engine knows.
    volumes: {
      phase: task.desiredStatus === 'RUNNING' && !task.volumes?.length ? 'none' : 'absent',
      busy: false,
      failures: 0,
    },
    containers: definitions.map(newContainer),
  };
  for (const container of found) {
    const part = partOf(state, container);
    if (part !== undefined) observe(part, container);
  }
  const ranBefore = task.lastStatus === 'RUNNING' || state.containers.some((each) => hasStarted(each));
  // All containers of a task are made before the first is started: one that is missing beside such was removed since.
  if (ranBefore) for (const each of [state.pause, ...state.containers]) each.gone ||= each.observed === undefined;
  return state;
}

/** What cannot be ordered or read is refused; it must not mislead the plan that clears the task away. */
function plain(task: PayloadTask): readonly PayloadContainer[] {
  const isOrdered = dependencyRefusalOf(task) === undefined;
  const isReadable = configRefusalOf(task) === undefined;
  return task.containers.map((each) => ({
    ...each,
    dependsOn: isOrdered ? each.dependsOn : undefined,
    dockerConfig: isReadable ? each.dockerConfig : { version: '', config: '{}', hostConfig: '{}' },
  }));
}

function newPart(): PartState {
  return { observed: undefined, gone: false, busy: false, failures: 0 };
}

function newContainer(definition: PayloadContainer): ContainerState {
  return {
    ...newPart(),
    definition,
    image: undefined,
    failure: undefined,
    drained: true,
    late: false,
    health: undefined,
    healthLate: false,
    unsure: false,
  };
}

/** The part of the task that a container of the engine is. */
export function partOf(state: TaskState, container: Pick<Container, 'labels' | 'name'>): PartState | undefined {
  if (isPause(container)) return state.pause;
  const name = containerNameIn(container);
  return state.containers.find((each) => each.definition.name === name);
}

/** Takes in what the engine said; false where it was nothing new. Answers may overtake each other, phases cannot. */
export function observe(part: PartState, container: Container): boolean {
  const before = part.observed;
  if (part.gone || (before !== undefined && before.id !== container.id)) return false;
  if (before !== undefined && rank(container) < rank(before)) return false;
  part.observed = container;
  return JSON.stringify(before) !== JSON.stringify(container);
}

function rank({ phase }: Container): number {
  if (phase === 'created') return 0;
  return phase === 'running' || phase === 'paused' ? 1 : 2;
}

/** Whether it ran at some time, as far as the engine says; one that went unseen beside running ones did. */
export function hasStarted(part: PartState): boolean {
  return part.observed === undefined ? part.gone : part.observed.startedAt !== undefined;
}

/** The task as its decider sees it. */
export function viewOf(state: TaskState): TaskView {
  return {
    desired: state.desired,
    failed: state.failure !== undefined,
    pause: { phase: phaseOf(state, state.pause, false), busy: state.pause.busy },
    volumes: { phase: state.volumes.phase, busy: state.volumes.busy },
    containers: state.containers.map((each) => containerViewOf(state, each)),
    acknowledged: state.acknowledged,
  };
}

function containerViewOf(state: TaskState, container: ContainerState): ContainerView {
  const { definition, observed } = container;
  const failedToStart =
    container.failure !== undefined || (observed?.startedAt === undefined && observed?.exitCode !== undefined);
  return {
    name: definition.name,
    essential: definition.essential,
    dependsOn: definition.dependsOn ?? [],
    phase: phaseOf(state, container, failedToStart),
    imageReady: container.image !== undefined,
    started: hasStarted(container),
    exitCode: observed?.exitCode,
    late: container.late,
    healthy: container.health === 'HEALTHY',
    healthLate: container.healthLate,
    volumesFrom: (definition.volumesFrom ?? []).map(({ sourceContainer }) => sourceContainer),
    busy: container.busy,
    unsure: container.unsure && observed?.phase === 'created' && !container.gone,
    drained: container.drained,
  };
}

function phaseOf(state: TaskState, part: PartState, failed: boolean): Phase {
  if (part.gone) return state.acknowledged ? 'removed' : 'ended';
  if (part.observed === undefined) return failed ? (state.acknowledged ? 'removed' : 'ended') : 'absent';
  if (part.observed.phase === 'created') return failed ? 'ended' : 'created';
  return rank(part.observed) === 1 ? 'running' : 'ended';
}
