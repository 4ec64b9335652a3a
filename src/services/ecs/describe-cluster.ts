// A cluster as DescribeClusters answers it: its counts from its tasks, and what is included where it is asked for.
import type { Reader } from '#kernel/store.ts';
import { clusterArn } from './arns.ts';
import { inCluster, taskKind, type ClusterSpec } from './kinds.ts';
import type { State } from './lifecycle.ts';
import type { ClusterField, ClusterShape } from './shapes.ts';

const pendingStates: readonly State[] = ['PROVISIONING', 'PENDING', 'ACTIVATING'];

/** What the operations that make and change clusters answer with. */
const allButStatistics: ReadonlySet<ClusterField> = new Set(['ATTACHMENTS', 'CONFIGURATIONS', 'SETTINGS', 'TAGS']);

export function describeCluster(
  reader: Reader,
  cluster: ClusterSpec,
  include: ReadonlySet<ClusterField> = allButStatistics,
): ClusterShape {
  return {
    clusterArn: clusterArn(cluster, cluster.name),
    clusterName: cluster.name,
    status: cluster.status,
    registeredContainerInstancesCount: 0,
    runningTasksCount: count(reader, cluster, ['RUNNING']),
    pendingTasksCount: count(reader, cluster, pendingStates),
    activeServicesCount: 0,
    statistics: include.has('STATISTICS') ? statisticsOf(reader, cluster) : [],
    tags: include.has('TAGS') ? [...cluster.tags] : [],
    settings: include.has('SETTINGS') ? [{ name: 'containerInsights', value: cluster.containerInsights }] : [],
    capacityProviders: [...cluster.capacityProviders],
    defaultCapacityProviderStrategy: [...cluster.defaultStrategy],
    ...(include.has('CONFIGURATIONS') && cluster.executeCommand !== undefined
      ? { configuration: { executeCommandConfiguration: cluster.executeCommand } }
      : {}),
    // Fargate's providers bring no attachments with them: there is nothing to wait for.
    ...(include.has('ATTACHMENTS') && cluster.capacityProviders.length > 0
      ? { attachments: [], attachmentsStatus: 'UPDATE_COMPLETE' }
      : {}),
  };
}

/** Every task is a Fargate task; there are no services yet. */
function statisticsOf(reader: Reader, cluster: ClusterSpec): NonNullable<ClusterShape['statistics']> {
  const known: Record<string, number> = {
    runningFargateTasksCount: count(reader, cluster, ['RUNNING']),
    pendingFargateTasksCount: count(reader, cluster, pendingStates),
  };
  const names = ['EC2', 'Fargate', 'External'].flatMap((type) => [
    `running${type}TasksCount`,
    `pending${type}TasksCount`,
    `active${type}ServiceCount`,
    `draining${type}ServiceCount`,
  ]);
  return names.map((name) => ({ name, value: String(known[name] ?? 0) }));
}

function count(reader: Reader, cluster: ClusterSpec, among: readonly State[]): number {
  const counts = among.map(
    (state) => reader.by(taskKind, 'clusterState', inCluster(cluster, cluster.name, state)).length,
  );
  return counts.reduce((sum, each) => sum + each, 0);
}
