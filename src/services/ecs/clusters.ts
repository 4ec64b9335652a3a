// Clusters: CreateCluster, UpdateCluster, UpdateClusterSettings, DescribeClusters, ListClusters, DeleteCluster.
import type { Scope } from '#kernel/arn.ts';
import { sameJson } from '#kernel/json.ts';
import type { Reader, Resource, Tx } from '#kernel/store.ts';
import type { Context, In, Operations } from '#aws/service.ts';
import { effectiveSetting } from './account-defaults.ts';
import { clusterArn, clusterNameOf } from './arns.ts';
import { checkedCapacityProviders, checkedStrategy } from './capacity-strategy.ts';
import {
  acceptedConfiguration,
  checkedConfiguration,
  checkedSettings,
  parseContainerInsights,
  type ContainerInsights,
} from './cluster-configuration.ts';
import { describeCluster } from './describe-cluster.ts';
import {
  clusterContainsTasks,
  clusterInactive,
  clusterNotFound,
  inconsistentRequest,
  invalidParameter,
} from './errors.ts';
import { clusterKey, clusterKind, nothingObserved, taskKind, type ClusterSpec } from './kinds.ts';
import type { ClusterShape, CreateClusterInput, Failure } from './shapes.ts';
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

const ofCluster = ({ cluster }: { cluster?: string | undefined }, context: Context) =>
  clusterArn(context, clusterNameOf(context, cluster));

export const clusterOperations: Operations<'ecs'> = {
  CreateCluster: {
    accepts: {
      clusterName: true,
      tags: true,
      settings: true,
      configuration: acceptedConfiguration,
      capacityProviders: true,
      defaultCapacityProviderStrategy: true,
    },
    resource: ({ clusterName }, context) => clusterArn(context, clusterName ?? 'default'),
    run: createCluster,
  },
  UpdateCluster: {
    accepts: { cluster: true, settings: true, configuration: acceptedConfiguration },
    resource: ofCluster,
    run: updateCluster,
  },
  UpdateClusterSettings: { accepts: { cluster: true, settings: true }, resource: ofCluster, run: updateCluster },
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
    resource: ofCluster,
    run({ cluster: identifier }, tx, context) {
      const cluster = existingCluster(tx, context, identifier);
      if (cluster.status !== 'ACTIVE') return { cluster: describeCluster(tx, cluster) };
      if (hasLiveTasks(tx, cluster)) throw clusterContainsTasks();
      const changes = { status: 'INACTIVE', inactiveAt: context.now.getTime() } as const;
      return { cluster: changeCluster(tx, cluster, changes) };
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

function createCluster(input: CreateClusterInput, tx: Tx, context: Context) {
  const name = input.clusterName ?? 'default';
  if (!/^[a-zA-Z0-9_-]{1,255}$/.test(name)) throw invalidParameter('Identifier contains invalid characters.');
  const capacityProviders = checkedCapacityProviders(input.capacityProviders);
  const wanted = {
    tags: checkedTags(input.tags),
    containerInsights: checkedSettings(input.settings) ?? defaultContainerInsights(tx, context),
    executeCommand: checkedConfiguration(input.configuration),
    capacityProviders,
    defaultStrategy: checkedStrategy(input.defaultCapacityProviderStrategy, capacityProviders),
  };
  const present = tx.get(clusterKind, clusterKey(context, name))?.spec;
  if (present?.status === 'ACTIVE') {
    if (!asAskedBefore(input, wanted, present)) throw inconsistentRequest();
    return { cluster: describeCluster(tx, present) };
  }
  const { account, region } = context;
  const spec: ClusterSpec = { account, region, name, status: 'ACTIVE', ...wanted };
  const made = tx.put(clusterKind, clusterKey(context, name), { spec, status: nothingObserved });
  return { cluster: describeCluster(tx, made.spec) };
}

/** https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-account-settings.html#container-insights-setting */
function defaultContainerInsights(reader: Reader, context: Context): ContainerInsights {
  const set = effectiveSetting(reader, context, context.principal.arn, 'containerInsights');
  return parseContainerInsights(set) ?? 'disabled';
}

/** Whether an ACTIVE cluster is what a request asks for; what the request leaves open may be as it likes. */
function asAskedBefore(input: CreateClusterInput, wanted: Partial<ClusterSpec>, present: ClusterSpec): boolean {
  const sorted = (names: readonly string[] = []) => names.toSorted();
  return (
    (input.tags === undefined || sameJson(present.tags, wanted.tags)) &&
    (!input.settings?.length || present.containerInsights === wanted.containerInsights) &&
    (wanted.executeCommand === undefined || sameJson(present.executeCommand, wanted.executeCommand)) &&
    (input.capacityProviders === undefined ||
      sameJson(sorted(present.capacityProviders), sorted(wanted.capacityProviders))) &&
    (input.defaultCapacityProviderStrategy === undefined || sameJson(present.defaultStrategy, wanted.defaultStrategy))
  );
}

/** What a request leaves out stays as it is. */
function updateCluster(
  input: Pick<In<'ecs', 'UpdateCluster'>, 'cluster' | 'settings' | 'configuration'>,
  tx: Tx,
  context: Context,
) {
  const cluster = activeCluster(tx, context, input.cluster);
  const containerInsights = checkedSettings(input.settings) ?? cluster.containerInsights;
  const executeCommand = checkedConfiguration(input.configuration) ?? cluster.executeCommand;
  return { cluster: changeCluster(tx, cluster, { containerInsights, executeCommand }) };
}

function changeCluster(tx: Tx, cluster: ClusterSpec, changes: Partial<ClusterSpec>): ClusterShape {
  const changed = tx.setSpec(clusterKind, clusterKey(cluster, cluster.name), { ...cluster, ...changes });
  return describeCluster(tx, changed.spec);
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
    clusters.push(describeCluster(reader, cluster.spec, include));
  }
  return { clusters, failures };
}

function findCluster(reader: Reader, scope: Scope, identifier: string): Resource<ClusterSpec, unknown> | undefined {
  const prefix = clusterArn(scope, '');
  if (identifier.startsWith('arn:') && !identifier.startsWith(prefix)) return undefined;
  return reader.get(clusterKind, clusterKey(scope, clusterNameOf(scope, identifier)));
}

function hasLiveTasks(reader: Reader, cluster: ClusterSpec): boolean {
  const all = reader.list(taskKind, `${clusterKey(cluster, cluster.name)}/`);
  return all.some(({ status }) => status.lastStatus !== 'STOPPED');
}
