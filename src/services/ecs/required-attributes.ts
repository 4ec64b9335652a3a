// requiresAttributes: what a container instance must be able to do for a task definition. Pure.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-placement-constraints.html
import type { Attribute, ContainerDefinition, NetworkMode } from './shapes.ts';

const capability = 'com.amazonaws.ecs.capability';
/** CPU units above which older agents refused a task. */
const oldCpuLimit = 10_240;
const ecrImage = /^\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(\.cn)?\//;

interface Definition {
  readonly networkMode?: NetworkMode;
  readonly cpu?: number;
  readonly containerDefinitions: readonly ContainerDefinition[];
}

/** In a fixed order, each name once. */
export function requiredAttributes({ networkMode, cpu = 0, containerDefinitions }: Definition): Attribute[] {
  const names = new Set<string>();
  for (const container of containerDefinitions) {
    const { logConfiguration, memoryReservation, dependsOn, startTimeout, stopTimeout, linuxParameters } = container;
    if (logConfiguration?.logDriver) names.add(`${capability}.logging-driver.${logConfiguration.logDriver}`);
    if (ecrImage.test(container.image ?? '')) names.add(`${capability}.ecr-auth`);
    if (logConfiguration || ecrImage.test(container.image ?? '')) names.add(`${capability}.docker-remote-api.1.19`);
    if (memoryReservation !== undefined) names.add(`${capability}.docker-remote-api.1.21`);
    if (linuxParameters?.initProcessEnabled) names.add(`${capability}.docker-remote-api.1.25`);
    if (dependsOn?.length || startTimeout !== undefined || stopTimeout !== undefined) {
      names.add('ecs.capability.container-ordering');
    }
  }
  if (cpu > oldCpuLimit) names.add('ecs.capability.increased-task-cpu-limit');
  if (networkMode === 'awsvpc') {
    names.add(`${capability}.docker-remote-api.1.18`);
    names.add('ecs.capability.task-eni');
  }
  return Array.from(names, (name) => ({ name }));
}
