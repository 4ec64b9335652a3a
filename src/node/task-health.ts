// The health of a task's containers: what the engine's checks last said while the task was to run.
import type { Health } from '#drivers/runtime.ts';
import type { HealthStatus } from './messages.ts';
import { isStopping } from './plan-task.ts';
import { viewOf } from './task-state.ts';
import type { TaskState } from './task-state.ts';

const statuses: Readonly<Record<Health, HealthStatus>> = {
  starting: 'UNKNOWN',
  healthy: 'HEALTHY',
  unhealthy: 'UNHEALTHY',
};

/** Takes down what was last observed. Only what the task asked for is heeded, whoever made the container. */
export function hearHealth(state: TaskState): void {
  // What is told to end fails its checks, or is no longer checked, which some engines call unhealthy.
  if (state.cause !== undefined || isStopping(viewOf(state))) return;
  for (const container of state.containers) {
    const health = container.observed?.health;
    if (health !== undefined && container.definition.healthCheckType === 'docker') container.health = statuses[health];
  }
}
