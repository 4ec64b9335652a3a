// What a node's report makes of a task: its containers, its times, its state and why it ended. Pure.
import type { ContainerStateChange, TaskStateChange } from '#node/messages.ts';
import { sameJson } from '#kernel/json.ts';
import type { ContainerStatus, TaskInterface, TaskSpec, TaskStatus } from './kinds.ts';
import { advance, isBefore, type State } from './lifecycle.ts';
import type { StopCode } from './shapes.ts';

const essentialContainerExited = 'Essential container in task exited';
/** AWS cuts reasons at these lengths. */
const longestReason = 1024;

/**
 * The task's status after a report, at `now` (epoch milliseconds). The very same object where the report tells nothing
 * new: reports come late, twice, and after the task is over.
 */
export function applyReport(spec: TaskSpec, status: TaskStatus, report: TaskStateChange, now: number): TaskStatus {
  // Whoever saw it STOPPED saw the last of it.
  if (status.lastStatus === 'STOPPED') return status;
  const over = !isBefore(status.lastStatus, 'DEPROVISIONING');
  const lastStatus = stateAfter(status.lastStatus, report);
  const next: TaskStatus = {
    ...status,
    lastStatus,
    containers: mergedContainers(status.containers, report),
    networkInterface: interfaceAfter(status.networkInterface, report, over),
    connectivityAt: status.connectivityAt ?? now,
    pullStartedAt: status.pullStartedAt ?? report.pullStartedAt?.getTime(),
    pullStoppedAt: status.pullStoppedAt ?? report.pullStoppedAt?.getTime(),
    startedAt: status.startedAt ?? (report.status === 'RUNNING' && !over ? now : undefined),
    executionStoppedAt: status.executionStoppedAt ?? report.executionStoppedAt?.getTime(),
    ...(report.status === 'STOPPED' && !over ? ending(spec, status, report, now) : {}),
  };
  return sameJson(next, status) ? status : { ...next, version: status.version + 1 };
}

/** A task has no load balancers or registries to be put into or taken out of: ACTIVATING is left at once. */
function stateAfter(state: State, report: TaskStateChange): State {
  if (report.status === 'RUNNING') return advance(advance(state, 'node runs it'), 'in service');
  return report.status === 'STOPPED' ? advance(state, 'node stopped it') : state;
}

function mergedContainers(containers: readonly ContainerStatus[], report: TaskStateChange): ContainerStatus[] {
  return containers.map((container) => {
    const told = report.containers.filter(({ containerName }) => containerName === container.name);
    const merged = told.reduce(mergedContainer, container);
    // What a stopped task did not speak of never ran.
    return report.status === 'STOPPED' ? { ...merged, lastStatus: 'STOPPED' } : merged;
  });
}

const ranks = { PENDING: 0, RUNNING: 1, STOPPED: 2 } as const;

/** Facts are kept as they were first told, health as it was last; a state only moves on. */
function mergedContainer(container: ContainerStatus, told: ContainerStateChange): ContainerStatus {
  // A later node may no longer find a container whose end was told: that it is gone is not why it ended.
  const isGone = container.exitCode !== undefined && told.exitCode === undefined;
  return {
    ...container,
    lastStatus: ranks[told.status] > ranks[container.lastStatus] ? told.status : container.lastStatus,
    ...identityAfter(container, told),
    healthStatus: told.healthStatus ?? container.healthStatus,
    exitCode: container.exitCode ?? told.exitCode,
    reason: container.reason ?? (isGone ? undefined : told.reason?.slice(0, longestReason)),
  };
}

/** A container that vanished before it ran is made anew, as another one; of one that ended the first word counts. */
function identityAfter(
  container: ContainerStatus,
  told: ContainerStateChange,
): Pick<ContainerStatus, 'runtimeId' | 'imageDigest'> {
  const [first, second] = container.lastStatus === 'STOPPED' ? [container, told] : [told, container];
  return { runtimeId: first.runtimeId ?? second.runtimeId, imageDigest: first.imageDigest ?? second.imageDigest };
}

function interfaceAfter(
  networkInterface: TaskInterface | undefined,
  report: TaskStateChange,
  over: boolean,
): TaskInterface | undefined {
  if (networkInterface === undefined || over) return networkInterface;
  if (report.status === 'STOPPED') return { ...networkInterface, status: 'DETACHING' };
  const attached = report.status === 'RUNNING' || report.attachments?.some(({ status }) => status === 'ATTACHED');
  return attached ? { ...networkInterface, status: 'ATTACHED' } : networkInterface;
}

function ending(spec: TaskSpec, status: TaskStatus, report: TaskStateChange, now: number): Partial<TaskStatus> {
  const times = {
    stoppingAt: status.stoppingAt ?? spec.stop?.at ?? now,
    executionStoppedAt: status.executionStoppedAt ?? report.executionStoppedAt?.getTime() ?? now,
  };
  if (spec.stop !== undefined) return times;
  const reason = (report.reason ?? essentialContainerExited).slice(0, longestReason);
  return { ...times, stopCode: stopCodeOf(reason, status), stoppedReason: reason };
}

/**
 * A task whose containers ran ended by their exit; one that never ran was kept from it. A very short task may be over
 * before anything else was reported of it: then the reason tells.
 */
function stopCodeOf(reason: string, status: TaskStatus): StopCode {
  const ran = status.startedAt !== undefined || reason.startsWith(essentialContainerExited);
  return ran ? 'EssentialContainerExited' : 'TaskFailedToStart';
}
