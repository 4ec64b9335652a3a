// Decides, purely, what to do next for one task: from what is wanted and what is observed to actions as data.
import { dependencyFailed } from './reasons.ts';

/** How far a container came: `created` was never started; `ended` ran (or failed to start, or was removed by hand). */
export type Phase = 'absent' | 'created' | 'running' | 'ended' | 'removed';

export type Condition = 'START' | 'COMPLETE' | 'SUCCESS' | 'HEALTHY';

export interface ContainerView {
  readonly name: string;
  readonly essential: boolean;
  readonly dependsOn: readonly { readonly containerName: string; readonly condition: Condition }[];
  readonly phase: Phase;
  /** Its image is here and may be used. */
  readonly imageReady: boolean;
  /** It ran at some time. */
  readonly started: boolean;
  readonly exitCode?: number;
  /** It ran longer than its startTimeout: whatever waits for its end gave up for good. */
  readonly late: boolean;
  /** Its last health check passed, or so few failed that it still counts as healthy. */
  readonly healthy: boolean;
  /** It was not healthy when its startTimeout was over: whatever waits for its health gave up for good. */
  readonly healthLate: boolean;
  /** Containers that must have been made before it is: it has their volumes. */
  readonly volumesFrom: readonly string[];
  /** An action on it is under way. */
  readonly busy: boolean;
  /** It was never seen to run, but it was told to, and nobody knows what came of that. */
  readonly unsure: boolean;
  /** Nothing of its output is left to ship. */
  readonly drained: boolean;
}

/** The task's volumes, all together: `none` where it has none, `absent` where none is known to be there. */
export interface VolumesView {
  readonly phase: 'none' | 'absent' | 'made' | 'removed';
  readonly busy: boolean;
}

export interface TaskView {
  readonly desired: 'RUNNING' | 'STOPPED';
  /** Something that the whole task needs failed: it must not run. */
  readonly failed: boolean;
  readonly pause: { readonly phase: Phase; readonly busy: boolean };
  readonly volumes: VolumesView;
  /** In the order of the task definition. */
  readonly containers: readonly ContainerView[];
  /** The control plane knows that the task stopped, and how. */
  readonly acknowledged: boolean;
}

export type TaskAction =
  | { readonly do: 'pull'; readonly container: string }
  | { readonly do: 'create-pause' }
  | { readonly do: 'start-pause' }
  | { readonly do: 'create-volumes' }
  | { readonly do: 'remove-volumes' }
  | { readonly do: 'create'; readonly container: string }
  | { readonly do: 'start'; readonly container: string }
  | { readonly do: 'stop'; readonly container: string }
  | { readonly do: 'look'; readonly container: string }
  | { readonly do: 'kill-pause' }
  | { readonly do: 'remove'; readonly container: string }
  | { readonly do: 'remove-pause' };

/** What may be done now, all at once; nothing for whatever is busy. Empty while there is only to wait. */
export function planTask(task: TaskView): TaskAction[] {
  if (!isStopping(task)) return planStart(task);
  return task.acknowledged ? planRemoval(task) : planStop(task);
}

/** Whether the task is to end, or has ended: wished for, failed, or an essential container is no more. */
export function isStopping(task: TaskView): boolean {
  if (task.desired === 'STOPPED' || task.failed) return true;
  if (task.pause.phase === 'ended' || task.pause.phase === 'removed') return true;
  if (task.containers.some((each) => each.essential && isOver(task, each))) return true;
  return task.containers.every((each) => isOver(task, each));
}

/** Whether nothing of the task runs any more and nothing will: it may be reported STOPPED. */
export function isStopped(task: TaskView): boolean {
  if (!isStopping(task) || isAlive(task.pause) || task.pause.busy) return false;
  return !task.containers.some(mayRun);
}

/** Whether every container has started, or ended without ever being able to: the task is (or was) RUNNING. */
export function hasRun(task: TaskView): boolean {
  return (
    task.containers.every((each) => isOver(task, each) || each.started) && task.containers.some((each) => each.started)
  );
}

/** Whether a container has come to its end, or can never begin. */
export function isOver(task: TaskView, container: ContainerView): boolean {
  if (container.phase === 'ended' || container.phase === 'removed') return true;
  return container.phase !== 'running' && blockedBy(task, container) !== undefined;
}

/** Why a container can never start, where a dependency can no longer be met. */
export function blockedBy(task: TaskView, container: ContainerView): string | undefined {
  for (const { containerName, condition } of container.dependsOn) {
    const dependency = task.containers.find((each) => each.name === containerName);
    if (dependency === undefined) continue;
    const over = isOver(task, dependency);
    if (over && !dependency.started) return dependencyFailed(container.name, containerName, 'never');
    if (over && condition === 'SUCCESS' && dependency.exitCode !== 0) {
      return dependencyFailed(container.name, containerName, 'nonzero');
    }
    if (over && condition === 'HEALTHY') return dependencyFailed(container.name, containerName, 'unhealthy');
    if (isLate(dependency, condition)) return dependencyFailed(container.name, containerName, 'late');
  }
  return undefined;
}

function isLate(dependency: ContainerView, condition: Condition): boolean {
  if (condition === 'HEALTHY') return dependency.healthLate;
  return condition !== 'START' && dependency.late;
}

function planStart(task: TaskView): TaskAction[] {
  const actions: TaskAction[] = [];
  if (!task.pause.busy && task.pause.phase === 'absent') actions.push({ do: 'create-pause' });
  if (!task.pause.busy && task.pause.phase === 'created') actions.push({ do: 'start-pause' });
  const missing = task.containers.filter((each) => each.phase === 'absent');
  for (const each of missing) if (!each.imageReady && !each.busy) actions.push({ do: 'pull', container: each.name });
  // Everything is pulled before anything is made, and made before anything starts: a start is never half a task, and a
  // restarted node knows that a container missing beside one that ran was removed, not yet to be made.
  if (missing.length > 0) {
    const waitsForVolumes = task.volumes.phase === 'absent';
    if (waitsForVolumes && !task.volumes.busy) actions.push({ do: 'create-volumes' });
    if (waitsForVolumes || task.pause.phase === 'absent' || missing.some((each) => !each.imageReady)) return actions;
    const names = new Set(missing.map((each) => each.name));
    for (const each of missing) {
      if (!each.busy && !each.volumesFrom.some((name) => names.has(name)))
        actions.push({ do: 'create', container: each.name });
    }
    return actions;
  }
  if (task.pause.phase !== 'running') return actions;
  for (const each of task.containers) {
    if (each.phase === 'created' && !each.busy && isReady(task, each))
      actions.push({ do: 'start', container: each.name });
  }
  return actions;
}

/** Whether all that a container waits for has come. */
function isReady(task: TaskView, container: ContainerView): boolean {
  return container.dependsOn.every(({ containerName, condition }) => {
    const dependency = task.containers.find((each) => each.name === containerName);
    if (dependency === undefined || !dependency.started) return false;
    if (condition === 'START') return true;
    if (condition === 'HEALTHY') return dependency.phase === 'running' && dependency.healthy;
    return dependency.phase === 'ended' && (condition === 'COMPLETE' || dependency.exitCode === 0);
  });
}

function planStop(task: TaskView): TaskAction[] {
  const actions: TaskAction[] = [];
  for (const each of task.containers) {
    if (each.unsure && !each.busy) actions.push({ do: 'look', container: each.name });
    if (each.phase !== 'running' || each.busy) continue;
    const awaited = task.containers.some(
      (other) => mayRun(other) && other.dependsOn.some((dependency) => dependency.containerName === each.name),
    );
    if (!awaited) actions.push({ do: 'stop', container: each.name });
  }
  if (!task.containers.some(mayRun) && task.pause.phase === 'running' && !task.pause.busy)
    actions.push({ do: 'kill-pause' });
  return actions;
}

function planRemoval(task: TaskView): TaskAction[] {
  const left = task.containers.filter((each) => each.phase !== 'absent' && each.phase !== 'removed');
  if (left.length > 0) {
    return left
      .filter((each) => !each.busy && each.drained)
      .map((each) => ({ do: 'remove' as const, container: each.name }));
  }
  if (mayHaveVolumes(task)) return task.volumes.busy ? [] : [{ do: 'remove-volumes' }];
  const gone = task.pause.phase === 'absent' || task.pause.phase === 'removed';
  return gone || task.pause.busy ? [] : [{ do: 'remove-pause' }];
}

/** Whether nothing is left on the engine. */
export function isCleared(task: TaskView): boolean {
  const cleared = (part: { readonly phase: Phase; readonly busy: boolean }) =>
    part.phase === 'absent' || part.phase === 'removed';
  if (!isStopped(task) || !task.acknowledged || mayHaveVolumes(task)) return false;
  return cleared(task.pause) && task.containers.every(cleared);
}

function mayHaveVolumes(task: TaskView): boolean {
  return task.volumes.phase !== 'none' && task.volumes.phase !== 'removed';
}

function isAlive(part: { readonly phase: Phase }): boolean {
  return part.phase === 'running';
}

/** Whether it runs, or may be found to. */
function mayRun(container: ContainerView): boolean {
  return isAlive(container) || isStarting(container) || container.unsure;
}

/** Whether an action under way may still bring it to life (a pull alone does not). */
function isStarting(part: ContainerView): boolean {
  return part.busy && (part.phase === 'created' || (part.phase === 'absent' && part.imageReady));
}
