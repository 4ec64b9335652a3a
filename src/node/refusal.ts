// What this node cannot run, said clearly. The control plane refuses it earlier; a node believes nobody.
import type { PayloadTask } from './messages.ts';

/** Why a task cannot run here, or undefined where it can. */
export function refusalOf(task: PayloadTask): string | undefined {
  if (task.networkMode !== 'awsvpc') {
    return `ResourceInitializationError: network mode ${task.networkMode ?? 'bridge'} is not supported by this container instance`;
  }
  if (task.elasticNetworkInterfaces?.length !== 1) {
    return 'ResourceInitializationError: a task in network mode awsvpc needs exactly one elastic network interface';
  }
  return dependencyRefusalOf(task);
}

function dependencyRefusalOf(task: PayloadTask): string | undefined {
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

function hasCycle(task: PayloadTask): boolean {
  let open = task.containers.map((each) => ({
    name: each.name,
    waitsFor: new Set((each.dependsOn ?? []).map((dependency) => dependency.containerName)),
  }));
  for (;;) {
    const free = open.filter((each) => each.waitsFor.size === 0);
    if (free.length === 0) return open.length > 0;
    open = open.filter((each) => each.waitsFor.size > 0);
    for (const each of open) for (const { name } of free) each.waitsFor.delete(name);
  }
}
