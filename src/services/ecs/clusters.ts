// Clusters: CreateCluster, DescribeClusters, ListClusters, DeleteCluster.
import type { Scope } from '#kernel/arn.ts';
import { sameJson } from '#kernel/json.ts';
import type { Reader, Resource, Tx } from '#kernel/store.ts';
import type { Context, In, Operations } from '#aws/service.ts';
import { clusterArn, clusterNameOf } from './arns.ts';
import {
  clusterContainsTasks,
  clusterInactive,
  clusterNotFound,
  inconsistentRequest,
  invalidParameter,
} from './errors.ts';
import { clusterKey, clusterKind, inCluster, nothingObserved, taskKind, type ClusterSpec } from './kinds.ts';
import type { State } from './lifecycle.ts';
import type { ClusterShape, Failure } from './shapes.ts';
import { checkedTags } from './tags.ts';

const mostDescribed = 100;
const mostListed = 100;

/** The ACTIVE cluster that a request names. Throws ClusterNotFoundException. */
export function activeCluster(reader: Reader, scope: Scope, identifier: string | undefined): ClusterSpec {
  const cluster = existingCluster(reader, scope, identifier);
  if (cluster.status !== 'ACTIVE') throw clusterInactive();
  return cluster;
}

/** The cluster that a request names, ACTIVE or not. Throws ClusterNotFoundException. */
export function existingCluster(reader: Reader, scope: Scope, identifier: string | undefined): ClusterSpec {
  const cluster = reader.get(clusterKind, clusterKey(scope, clusterNameOf(scope, identifier)));
  if (cluster === undefined) throw clusterNotFound();
  return cluster.spec;
}

export const clusterOperations: Operations<'ecs'> = {
  CreateCluster: {
    accepts: { clusterName: true, tags: true, settings: true },
    resource: ({ clusterName }, context) => clusterArn(context, clusterName ?? 'default'),
    run: createCluster,
  },
  DescribeClusters: {
    accepts: { clusters: true, include: true },
    resource: ({ clusters }, context) =>
      (clusters?.length ? clusters : ['default']).map((each) => clusterArn(context, clusterNameOf(context, each))),
    read: describeClusters,
  },
  ListClusters: {
    accepts: { nextToken: true, maxResults: true },
    read({ nextToken, maxResults }, reader, context) {
      const active = reader.list(clusterKind, clusterKey(context, '')).filter(({ spec }) => spec.status === 'ACTIVE');
      const page = context.page(active, ({ key }) => key, {
        token: nextToken,
        limit: checkedLimit(maxResults, mostListed),
      });
      return { clusterArns: page.items.map(({ spec }) => clusterArn(spec, spec.name)), nextToken: page.nextToken };
    },
  },
  DeleteCluster: {
    accepts: { cluster: true },
    resource: ({ cluster }, context) => clusterArn(context, clusterNameOf(context, cluster)),
    run({ cluster: identifier }, tx, context) {
      const cluster = existingCluster(tx, context, identifier);
      if (cluster.status === 'ACTIVE') {
        if (hasLiveTasks(tx, cluster)) throw clusterContainsTasks();
        const spec = { ...cluster, status: 'INACTIVE' as const, inactiveAt: context.now.getTime() };
        return { cluster: describeCluster(tx, tx.setSpec(clusterKind, clusterKey(cluster, cluster.name), spec).spec) };
      }
      return { cluster: describeCluster(tx, cluster) };
    },
  },
};

/** `maxResults` of a list. Throws where it is out of AWS's range. */
export function checkedLimit(maxResults: number | undefined, most: number): number {
  if (maxResults === undefined) return most;
  if (!Number.isInteger(maxResults) || maxResults < 1 || maxResults > most) {
    throw invalidParameter(`maxResults must be between 1 and ${most}.`);
  }
  return maxResults;
}

function createCluster(input: In<'ecs', 'CreateCluster'>, tx: Tx, context: Context) {
  const name = input.clusterName ?? 'default';
  if (!/^[a-zA-Z0-9_-]{1,255}$/.test(name)) throw invalidParameter('Identifier contains invalid characters.');
  checkSettings(input.settings);
  const tags = checkedTags(input.tags);
  const present = tx.get(clusterKind, clusterKey(context, name))?.spec;
  if (present?.status === 'ACTIVE') {
    if (input.tags !== undefined && !sameJson(present.tags, tags)) throw inconsistentRequest();
    return { cluster: describeCluster(tx, present) };
  }
  const { account, region } = context;
  const spec: ClusterSpec = { account, region, name, status: 'ACTIVE', tags };
  return {
    cluster: describeCluster(
      tx,
      tx.put(clusterKind, clusterKey(context, name), { spec, status: nothingObserved }).spec,
    ),
  };
}

/** Container Insights comes with the metrics service; until then only its absence can be asked for. */
function checkSettings(settings: In<'ecs', 'CreateCluster'>['settings']): void {
  for (const { name, value } of settings ?? []) {
    if (name !== 'containerInsights') throw invalidParameter(`Unknown cluster setting '${name}'.`);
    if (value !== 'disabled') {
      throw invalidParameter(
        `Berth does not support the value '${value}' of the cluster setting containerInsights yet.`,
      );
    }
  }
}

function describeClusters(input: In<'ecs', 'DescribeClusters'>, reader: Reader, context: Context) {
  const identifiers = input.clusters?.length ? input.clusters : ['default'];
  if (identifiers.length > mostDescribed) throw invalidParameter(`clusters can have at most ${mostDescribed} items.`);
  const include = new Set(input.include);
  const clusters: ClusterShape[] = [];
  const failures: Failure[] = [];
  for (const identifier of new Set(identifiers)) {
    const cluster = findCluster(reader, context, identifier);
    if (cluster === undefined) {
      const arn = identifier.startsWith('arn:') ? identifier : clusterArn(context, identifier);
      failures.push({ arn, reason: 'MISSING' });
      continue;
    }
    clusters.push({
      ...describeCluster(reader, cluster.spec),
      tags: include.has('TAGS') ? [...cluster.spec.tags] : [],
      settings: include.has('SETTINGS') ? currentSettings() : [],
      statistics: include.has('STATISTICS') ? statisticsOf(reader, cluster.spec) : [],
    });
  }
  return { clusters, failures };
}

function findCluster(reader: Reader, scope: Scope, identifier: string): Resource<ClusterSpec, unknown> | undefined {
  const prefix = clusterArn(scope, '');
  if (identifier.startsWith('arn:') && !identifier.startsWith(prefix)) return undefined;
  return reader.get(clusterKind, clusterKey(scope, clusterNameOf(scope, identifier)));
}

function describeCluster(reader: Reader, cluster: ClusterSpec): ClusterShape {
  return {
    clusterArn: clusterArn(cluster, cluster.name),
    clusterName: cluster.name,
    status: cluster.status,
    registeredContainerInstancesCount: 0,
    runningTasksCount: count(reader, cluster, ['RUNNING']),
    pendingTasksCount: count(reader, cluster, ['PROVISIONING', 'PENDING', 'ACTIVATING']),
    activeServicesCount: 0,
    statistics: [],
    tags: [...cluster.tags],
    settings: currentSettings(),
    capacityProviders: [],
    defaultCapacityProviderStrategy: [],
  };
}

function currentSettings(): NonNullable<ClusterShape['settings']> {
  return [{ name: 'containerInsights', value: 'disabled' }];
}

/** Every task is a Fargate task; there are no services yet. */
function statisticsOf(reader: Reader, cluster: ClusterSpec): NonNullable<ClusterShape['statistics']> {
  const pending = count(reader, cluster, ['PROVISIONING', 'PENDING', 'ACTIVATING']);
  const known: Record<string, number> = {
    runningFargateTasksCount: count(reader, cluster, ['RUNNING']),
    pendingFargateTasksCount: pending,
  };
  const names = ['Ec2', 'Fargate', 'External'].flatMap((type) => {
    const upper = type === 'Ec2' ? 'EC2' : type;
    return [
      `running${upper}TasksCount`,
      `pending${upper}TasksCount`,
      `active${upper}ServiceCount`,
      `draining${upper}ServiceCount`,
    ];
  });
  return names.map((name) => ({ name, value: String(known[name] ?? 0) }));
}

function count(reader: Reader, cluster: ClusterSpec, among: readonly State[]): number {
  const counts = among.map(
    (state) => reader.by(taskKind, 'clusterState', inCluster(cluster, cluster.name, state)).length,
  );
  return counts.reduce((sum, each) => sum + each, 0);
}

function hasLiveTasks(reader: Reader, cluster: ClusterSpec): boolean {
  const all = reader.list(taskKind, `${clusterKey(cluster, cluster.name)}/`);
  return all.some(({ status }) => status.lastStatus !== 'STOPPED');
}
