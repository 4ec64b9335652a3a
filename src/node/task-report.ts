// Turns what is known of a task into what the control plane is told, as the ECS agent would tell it.
import type { Container } from '#drivers/runtime.ts';
import { digestOf } from './images.ts';
import { label } from './labels.ts';
import type { ContainerStateChange, TaskStateChange } from './messages.ts';
import { blockedBy, hasRun, isOver, isStopping } from './plan-task.ts';
import type { ContainerView, TaskView } from './plan-task.ts';
import { containerGone, endReason, essentialContainerExited } from './reasons.ts';
import { viewOf } from './task-state.ts';
import type { ContainerState, TaskState } from './task-state.ts';

/** The state change to submit; `stopped` says that the whole task ended and may be called so. */
export function reportOf(state: TaskState, stopped: boolean): TaskStateChange {
  const view = viewOf(state);
  const containers = state.containers.map((each, index) => containerChangeOf(each, view, stopped, index));
  const reason = state.cause === '' ? undefined : state.cause;
  const networkInterface = state.task.elasticNetworkInterfaces?.[0];
  return definedOnly({
    cluster: state.task.taskClusterArn,
    task: state.task.arn,
    status: stopped ? 'STOPPED' : hasRun(view) ? 'RUNNING' : 'PENDING',
    reason,
    containers,
    pullStartedAt: state.pullStartedAt,
    pullStoppedAt: state.pullStoppedAt,
    executionStoppedAt: stopped ? executionStoppedAt(state) : undefined,
    attachments:
      state.attached && networkInterface !== undefined
        ? [{ attachmentArn: networkInterface.attachmentArn, status: 'ATTACHED' as const }]
        : undefined,
  });
}

/** Why a task that is stopping does so; '' where the control plane asked for it. */
export function causeOf(state: TaskState): string | undefined {
  const view = viewOf(state);
  if (!isStopping(view)) return undefined;
  if (state.failure !== undefined) return state.failure;
  if (state.desired === 'STOPPED') return '';
  const ended = view.containers.findIndex((each) => each.essential && isOver(view, each));
  if (ended >= 0) {
    const container = view.containers[ended]!;
    return container.started ? essentialContainerExited : containerReasonOf(state.containers[ended]!, view, container);
  }
  if (view.containers.every((each) => isOver(view, each))) return essentialContainerExited;
  return 'ContainerRuntimeError: the container that holds the network namespace of the task exited';
}

function containerChangeOf(
  container: ContainerState,
  view: TaskView,
  stopped: boolean,
  index: number,
): ContainerStateChange {
  const seen = view.containers[index]!;
  const over = stopped || isOver(view, seen);
  return definedOnly({
    containerName: seen.name,
    runtimeId: container.observed?.id,
    status: over ? 'STOPPED' : seen.phase === 'running' ? 'RUNNING' : 'PENDING',
    exitCode: over && seen.started ? seen.exitCode : undefined,
    reason: over ? containerReasonOf(container, view, seen) : undefined,
    imageDigest: imageDigestOf(container),
    healthStatus: container.health,
  });
}

function containerReasonOf(container: ContainerState, view: TaskView, seen: ContainerView): string | undefined {
  if (container.failure !== undefined) return container.failure;
  const ended = container.observed === undefined ? undefined : endReason(container.observed);
  if (ended !== undefined) return ended;
  if (container.gone && container.observed?.exitCode === undefined) return containerGone(seen.name);
  return seen.started ? undefined : blockedBy(view, seen);
}

/** What the pull resolved to, if that is what was made of it. */
function imageDigestOf({ image, observed, definition }: ContainerState): string | undefined {
  if (observed === undefined) return undefined;
  if (image !== undefined && image.id === observed.imageId) return digestOf(image, definition.image);
  return observed.labels[label.imageDigest] || undefined;
}

/** When the first essential container ended, or else the first of all. */
function executionStoppedAt(state: TaskState): Date | undefined {
  const essential = state.containers.filter((each) => each.definition.essential);
  return earliest(essential.map(finishedAt)) ?? earliest(state.containers.map(finishedAt));
}

function finishedAt(container: { readonly observed: Container | undefined }): Date | undefined {
  return container.observed?.startedAt === undefined ? undefined : container.observed.finishedAt;
}

function earliest(dates: readonly (Date | undefined)[]): Date | undefined {
  const known = dates.filter((each) => each !== undefined).map((each) => each.getTime());
  return known.length === 0 ? undefined : new Date(Math.min(...known));
}

function definedOnly<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as T;
}
