// Capacity providers: PutClusterCapacityProviders, DescribeCapacityProviders.
import type { Scope } from '#kernel/arn.ts';
import type { Reader, Tx } from '#kernel/store.ts';
import type { Context, In, Operations } from '#aws/service.ts';
import { capacityProviderArn, clusterArn, clusterNameOf } from './arns.ts';
import {
  capacityProviderNames,
  checkedCapacityProviders,
  checkedStrategy,
  type CapacityProviderName,
} from './capacity-strategy.ts';
import { activeCluster, checkedLimit, existingCluster } from './clusters.ts';
import { describeCluster } from './describe-cluster.ts';
import { capacityProviderInUse, clusterNotActive, invalidParameter } from './errors.ts';
import { clusterKey, clusterKind, taskKind, type ClusterSpec } from './kinds.ts';
import type { Failure } from './shapes.ts';

const mostNamed = 100;
const mostDescribed = 10;

export const capacityProviderOperations: Operations<'ecs'> = {
  PutClusterCapacityProviders: {
    accepts: { cluster: true, capacityProviders: true, defaultCapacityProviderStrategy: true },
    resource: ({ cluster }, context) => clusterArn(context, clusterNameOf(context, cluster)),
    run: putClusterCapacityProviders,
  },
  DescribeCapacityProviders: {
    accepts: { capacityProviders: true, cluster: true, include: true, maxResults: true, nextToken: true },
    resource: ({ capacityProviders = [] }, context) =>
      (capacityProviders.length > 0 ? capacityProviders : ['*']).map((each) => capacityProviderArn(context, each)),
    read: describeCapacityProviders,
  },
};

function putClusterCapacityProviders(input: In<'ecs', 'PutClusterCapacityProviders'>, tx: Tx, context: Context) {
  const cluster = existingCluster(tx, context, input.cluster);
  if (cluster.status !== 'ACTIVE') throw clusterNotActive();
  const capacityProviders = checkedCapacityProviders(input.capacityProviders);
  const defaultStrategy = checkedStrategy(input.defaultCapacityProviderStrategy, capacityProviders);
  const used = usedProviders(tx, cluster);
  if (cluster.capacityProviders.some((name) => used.has(name) && !capacityProviders.includes(name))) {
    throw capacityProviderInUse();
  }
  const key = clusterKey(cluster, cluster.name);
  const changed = tx.setSpec(clusterKind, key, { ...cluster, capacityProviders, defaultStrategy });
  return { cluster: describeCluster(tx, changed.spec) };
}

/** The providers that tasks of a cluster came through and have not yet stopped. */
function usedProviders(reader: Reader, cluster: ClusterSpec): Set<CapacityProviderName | undefined> {
  const tasks = reader.list(taskKind, `${clusterKey(cluster, cluster.name)}/`);
  const live = tasks.filter(({ status }) => status.lastStatus !== 'STOPPED');
  return new Set(live.map(({ spec }) => spec.capacityProvider));
}

/** Fargate's two are there in every account and region; tags cannot be hung on them. */
function describeCapacityProviders(input: In<'ecs', 'DescribeCapacityProviders'>, reader: Reader, context: Context) {
  const { capacityProviders: asked = [], cluster, maxResults, nextToken } = input;
  if (asked.length > mostNamed) throw invalidParameter(`capacityProviders can have at most ${mostNamed} items.`);
  const there =
    cluster === undefined ? capacityProviderNames : activeCluster(reader, context, cluster).capacityProviders;
  const named = new Set(asked.map((each) => providerNameOf(context, each)));
  const found = [...there].toSorted().filter((name) => asked.length === 0 || named.has(name));
  const missing = [...new Set(asked)].filter((each) => !there.some((name) => name === providerNameOf(context, each)));
  const failures: Failure[] = missing.map((each) => ({ arn: capacityProviderArn(context, each), reason: 'MISSING' }));
  const limit = checkedLimit(maxResults, mostDescribed);
  const page = context.page(found, (name) => name, { token: nextToken, limit });
  const described = page.items.map((name) => ({
    capacityProviderArn: capacityProviderArn(context, name),
    name,
    status: 'ACTIVE' as const,
    type: name,
    tags: [],
  }));
  return { capacityProviders: described, failures, nextToken: page.nextToken };
}

/** The name in an ARN of this account and region; any other text stands for itself. */
function providerNameOf(scope: Scope, identifier: string): string {
  const prefix = capacityProviderArn(scope, '');
  return identifier.startsWith(prefix) ? identifier.slice(prefix.length) : identifier;
}
