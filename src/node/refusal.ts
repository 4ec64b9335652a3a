// What this node cannot run, said clearly. The control plane refuses it earlier; a node believes nobody.
import { messageOf } from '#kernel/error.ts';
import { dockerConfigOf } from './container-spec.ts';
import type { PayloadContainer, PayloadTask } from './messages.ts';

/** Why a task cannot run here, or undefined where it can. */
export function refusalOf(task: PayloadTask): string | undefined {
  if (task.networkMode !== 'awsvpc') {
    return `ResourceInitializationError: network mode ${task.networkMode ?? 'bridge'} is not supported by this container instance`;
  }
  if (task.elasticNetworkInterfaces?.length !== 1) {
    return 'ResourceInitializationError: a task in network mode awsvpc needs exactly one elastic network interface';
  }
  return configRefusalOf(task) ?? dependencyRefusalOf(task) ?? healthRefusalOf(task) ?? volumeRefusalOf(task);
}

/** Why a container's dockerConfig cannot be read, or undefined where all can. */
export function configRefusalOf(task: PayloadTask): string | undefined {
  for (const container of task.containers) {
    try {
      dockerConfigOf(container);
    } catch (thrown) {
      return `ResourceInitializationError: dockerConfig of container ${container.name} cannot be read: ${messageOf(thrown)}`;
    }
  }
  return undefined;
}

/** Why its containers cannot be ordered, or undefined where they can. */
export function dependencyRefusalOf(task: PayloadTask): string | undefined {
  const names = new Set(task.containers.map((each) => each.name));
  for (const container of task.containers) {
    for (const { containerName } of container.dependsOn ?? []) {
      if (!names.has(containerName)) {
        return `ResourceInitializationError: container ${container.name} depends on ${containerName}, which is not in the task`;
      }
    }
  }
  const isCyclic = hasCycle(task, ({ dependsOn = [] }) => dependsOn.map(({ containerName }) => containerName));
  return isCyclic ? 'ResourceInitializationError: container dependencies form a cycle' : undefined;
}

/** Why its containers cannot have the volumes that they want, or undefined where they can. */
function volumeRefusalOf(task: PayloadTask): string | undefined {
  const volumes = new Set((task.volumes ?? []).map(({ name }) => name));
  const containers = new Set(task.containers.map(({ name }) => name));
  for (const { name, mountPoints = [], volumesFrom = [] } of task.containers) {
    const unknown =
      mountPoints.find(({ sourceVolume }) => !volumes.has(sourceVolume))?.sourceVolume ??
      volumesFrom.find(({ sourceContainer }) => !containers.has(sourceContainer))?.sourceContainer;
    if (unknown !== undefined) {
      return `ResourceInitializationError: container ${name} wants volumes of ${unknown}, which is not in the task`;
    }
  }
  const isCyclic = hasCycle(task, ({ volumesFrom = [] }) => volumesFrom.map(({ sourceContainer }) => sourceContainer));
  return isCyclic ? 'ResourceInitializationError: containers have volumes from each other in a cycle' : undefined;
}

/** What waits for the health of a container that is never checked would wait for ever. */
function healthRefusalOf(task: PayloadTask): string | undefined {
  const checked = new Set(task.containers.filter((each) => each.healthCheckType === 'docker').map((each) => each.name));
  for (const container of task.containers) {
    for (const { containerName, condition } of container.dependsOn ?? []) {
      if (condition === 'HEALTHY' && !checked.has(containerName)) {
        return `ResourceInitializationError: container ${container.name} waits for ${containerName} to be HEALTHY, which has no health check`;
      }
    }
  }
  return undefined;
}

function hasCycle(task: PayloadTask, waitsFor: (container: PayloadContainer) => readonly string[]): boolean {
  let open = task.containers.map((each) => ({ name: each.name, waitsFor: new Set(waitsFor(each)) }));
  for (;;) {
    const free = open.filter((each) => each.waitsFor.size === 0);
    if (free.length === 0) return open.length > 0;
    open = open.filter((each) => each.waitsFor.size > 0);
    for (const each of open) for (const { name } of free) each.waitsFor.delete(name);
  }
}
