// The loop of tasks: from RunTask to a told node, from a stop to a released address, one step a call.
import type { Clock } from '#kernel/clock.ts';
import { AwsError } from '#kernel/error.ts';
import type { Again, Reconciler } from '#kernel/reconciler.ts';
import type { Resource, Store, Tx } from '#kernel/store.ts';
import type { NetworkInterfaces } from '#services/ec2/ports.ts';
import { attachmentArn } from './arns.ts';
import type { AgentLink } from './agent-link.ts';
import { networkInterfaceFailed } from './errors.ts';
import { taskKind, type TaskSpec, type TaskStatus } from './kinds.ts';
import { advance, isOnNode, nextStep, type Step } from './lifecycle.ts';

export interface TaskReconcilerOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly networkInterfaces: Pick<NetworkInterfaces, 'create' | 'delete'>;
  readonly link: Pick<AgentLink, 'deliver' | 'forget'>;
  /** Milliseconds that a stopped task can be described. */
  readonly keepStopped: number;
}

type Task = Resource<TaskSpec, TaskStatus>;

export function createTaskReconciler(options: TaskReconcilerOptions): Reconciler {
  const { store, link } = options;
  return {
    name: 'ecs/task',
    watches: [taskKind.name],
    concerns: ({ key }) => [key],
    all: (reader) => reader.list(taskKind).map(({ key }) => key),
    async reconcile(key) {
      const task = store.read((reader) => reader.get(taskKind, key));
      if (task === undefined || !isOnNode(task.status.lastStatus)) link.forget(key);
      return task && takeStep(task, options);
    },
  };
}

async function takeStep(task: Task, options: TaskReconcilerOptions): Promise<Again | void> {
  const { store, networkInterfaces, link, clock } = options;
  const change = (work: (task: Task, tx: Tx) => TaskStatus) => store.write((tx) => changeTask(tx, task, work));
  switch (stepOf(task)) {
    case 'attach interface':
      return attachInterface(task, options);
    case 'abandon':
      return change(({ spec, status }) => abandoned(status, 'stop wanted', { stoppingAt: spec.stop?.at }));
    case 'take out of service':
      return change(({ spec, status }) => takenOutOfService(status, spec.stop?.at ?? clock.now().getTime()));
    case 'tell node to run it':
    case 'tell node to stop it':
      return link.deliver(task.key);
    case 'release interface':
      return change(({ spec, status }, tx) => {
        const { networkInterface } = status;
        if (networkInterface) networkInterfaces.delete(tx, spec, networkInterface.networkInterfaceId);
        return {
          ...status,
          lastStatus: advance(status.lastStatus, 'interface released'),
          networkInterface: networkInterface && { ...networkInterface, status: 'DELETED' },
          stoppedAt: clock.now().getTime(),
        };
      });
    case 'forget when old':
      return forgetWhenOld(task, options);
  }
}

function stepOf({ spec, status }: Task): Step {
  return nextStep(status.lastStatus, spec.stop !== undefined);
}

/** Applies a step where it is still the one to take. */
function changeTask(tx: Tx, seen: Task, work: (task: Task, tx: Tx) => TaskStatus): void {
  const task = tx.get(taskKind, seen.key);
  if (task === undefined || stepOf(task) !== stepOf(seen)) return;
  tx.setStatus(taskKind, task.key, { ...work(task, tx), version: task.status.version + 1 });
}

async function attachInterface(task: Task, { store, clock, networkInterfaces }: TaskReconcilerOptions): Promise<void> {
  const { subnetId, securityGroupIds, attachmentId } = task.spec.network;
  const description = attachmentArn(task.spec, attachmentId);
  try {
    await store.write((tx) =>
      changeTask(tx, task, ({ spec, status }) => {
        const made = networkInterfaces.create(tx, spec, { subnetId, securityGroupIds, description });
        const { networkInterfaceId, macAddress, privateDnsName, privateIpAddress } = made;
        return {
          ...status,
          lastStatus: advance(status.lastStatus, 'interface attached'),
          networkInterface: { networkInterfaceId, macAddress, privateDnsName, privateIpAddress, status: 'ATTACHING' },
        };
      }),
    );
  } catch (thrown) {
    if (!(thrown instanceof AwsError)) throw thrown;
    const stoppedReason = networkInterfaceFailed(subnetId, thrown.code);
    const stoppingAt = clock.now().getTime();
    await store.write((tx) =>
      changeTask(tx, task, ({ status }) =>
        abandoned(status, 'interface failed', { stoppingAt, stopCode: 'TaskFailedToStart', stoppedReason }),
      ),
    );
  }
}

/** A task that no node ever heard of: its containers never were. */
function abandoned(
  status: TaskStatus,
  event: 'stop wanted' | 'interface failed',
  why: Partial<TaskStatus>,
): TaskStatus {
  return {
    ...status,
    ...why,
    lastStatus: advance(status.lastStatus, event),
    containers: status.containers.map((container) => ({ ...container, lastStatus: 'STOPPED' })),
  };
}

/** There are no load balancers or registries to take a task out of yet: DEACTIVATING is left at once. */
function takenOutOfService(status: TaskStatus, stoppingAt: number): TaskStatus {
  const lastStatus = advance(advance(status.lastStatus, 'stop wanted'), 'out of service');
  return { ...status, lastStatus, stoppingAt: status.stoppingAt ?? stoppingAt };
}

async function forgetWhenOld(task: Task, { store, clock, keepStopped }: TaskReconcilerOptions): Promise<Again | void> {
  const againIn = (task.status.stoppedAt ?? 0) + keepStopped - clock.now().getTime();
  if (againIn > 0) return { againIn };
  await store.write((tx) => tx.delete(taskKind, task.key));
}
