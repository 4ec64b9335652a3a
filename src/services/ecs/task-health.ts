// A task's health, of its essential containers' healths. Pure.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_HealthCheck.html
import type { ContainerSpec, ContainerStatus } from './kinds.ts';
import type { HealthStatus } from './shapes.ts';

/** Whatever a task's health is: one that no service started lives on. */
export function taskHealth(
  containers: readonly Pick<ContainerSpec, 'essential'>[],
  observed: readonly Pick<ContainerStatus, 'healthStatus'>[],
): HealthStatus {
  const essential = observed.filter((_, at) => containers[at]?.essential !== false);
  const healths = essential.map(({ healthStatus = 'UNKNOWN' }) => healthStatus);
  if (healths.includes('UNHEALTHY')) return 'UNHEALTHY';
  return healths.length === 0 || healths.includes('UNKNOWN') ? 'UNKNOWN' : 'HEALTHY';
}
