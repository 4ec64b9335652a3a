// requiresAttributes: what a container instance must be able to do for a task definition. Pure.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-placement-constraints.html
import type { Attribute, ContainerDefinition, NetworkMode } from './shapes.ts';

const capability = 'com.amazonaws.ecs.capability';
/** CPU units above which older agents refused a task. */
const oldCpuLimit = 10_240;
const ecrAuth = `${capability}.ecr-auth`;
const remoteApi = {
  18: `${capability}.docker-remote-api.1.18`,
  19: `${capability}.docker-remote-api.1.19`,
  21: `${capability}.docker-remote-api.1.21`,
  24: `${capability}.docker-remote-api.1.24`,
  25: `${capability}.docker-remote-api.1.25`,
} as const;
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
    if (container.healthCheck) names.add('ecs.capability.container-health-check').add(remoteApi[24]);
    if (logConfiguration?.logDriver) names.add(`${capability}.logging-driver.${logConfiguration.logDriver}`);
    const isEcrImage = ecrImage.test(container.image ?? '');
    if (isEcrImage) names.add(ecrAuth);
    if (logConfiguration || isEcrImage) names.add(remoteApi[19]);
    if (memoryReservation !== undefined) names.add(remoteApi[21]);
    if (linuxParameters?.initProcessEnabled) names.add(remoteApi[25]);
    if (dependsOn?.length || startTimeout !== undefined || stopTimeout !== undefined) {
      names.add('ecs.capability.container-ordering');
    }
  }
  if (cpu > oldCpuLimit) names.add('ecs.capability.increased-task-cpu-limit');
  if (networkMode === 'awsvpc') {
    names.add(remoteApi[18]);
    names.add('ecs.capability.task-eni');
  }
  return Array.from(names, (name) => ({ name }));
}
