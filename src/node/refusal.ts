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
  return configRefusalOf(task) ?? dependencyRefusalOf(task);
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
    for (const { containerName, condition } of container.dependsOn ?? []) {
      if (condition === 'HEALTHY') {
        return `ResourceInitializationError: dependency condition HEALTHY of container ${container.name} is not supported by this container instance`;
      }
      if (!names.has(containerName)) {
        return `ResourceInitializationError: container ${container.name} depends on ${containerName}, which is not in the task`;
      }
    }
  }
  return hasCycle(task) ? 'ResourceInitializationError: container dependencies form a cycle' : undefined;
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
