// Capacity providers of a cluster, strategies over them, and how a strategy spreads tasks. Pure.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CapacityProviderStrategyItem.html
import { invalidParameter } from './errors.ts';
import type { StrategyItemShape } from './shapes.ts';

const mostWeight = 1000;
const mostBase = 100_000;

/** Those that every account has. Others need container instances, of which there are none yet. */
export const capacityProviderNames = ['FARGATE', 'FARGATE_SPOT'] as const;

export type CapacityProviderName = (typeof capacityProviderNames)[number];

/** One provider's share of the tasks. */
export interface StrategyItem {
  readonly capacityProvider: CapacityProviderName;
  /** Of the tasks beyond `base`, so many in the sum of all weights. */
  readonly weight: number;
  /** Tasks that it takes first. At most one provider of a strategy has any. */
  readonly base: number;
}

/** The providers that a cluster is to have, each once. Throws InvalidParameterException where one is not known. */
export function checkedCapacityProviders(names: readonly string[] | undefined): CapacityProviderName[] {
  const known = (names ?? []).map((name) => {
    const found = capacityProviderNames.find((each) => each === name);
    if (found !== undefined) return found;
    throw invalidParameter(
      'The specified capacity provider was not found. Specify a valid capacity provider and try again.',
    );
  });
  return [...new Set(known)];
}

/** A strategy over the providers of a cluster. Throws InvalidParameterException. */
export function checkedStrategy(
  strategy: readonly StrategyItemShape[] | undefined,
  providers: readonly CapacityProviderName[],
): StrategyItem[] {
  const items = (strategy ?? []).map(({ capacityProvider: name, weight = 0, base = 0 }) => {
    const capacityProvider = providers.find((each) => each === name);
    if (capacityProvider === undefined) {
      throw invalidParameter(
        'The specified capacity provider strategy cannot contain a capacity provider that is not associated with the cluster. Associate the capacity provider with the cluster or specify a valid capacity provider and try again.',
      );
    }
    checkRange('weight', weight, mostWeight);
    checkRange('base', base, mostBase);
    return { capacityProvider, weight, base };
  });
  if (new Set(items.map(({ capacityProvider }) => capacityProvider)).size < items.length) {
    throw invalidParameter('The specified capacity provider strategy contains a capacity provider more than once.');
  }
  if (items.filter(({ base }) => base > 0).length > 1) {
    throw invalidParameter(
      'The specified capacity provider strategy contains multiple capacity providers with a base value defined.',
    );
  }
  return items;
}

function checkRange(name: string, value: number, most: number): void {
  if (Number.isInteger(value) && value >= 0 && value <= most) return;
  throw invalidParameter(`The ${name} of a capacity provider must be between 0 and ${most}.`);
}

/** Whether a strategy can place tasks at all: some provider needs a weight, even where a base would take every task. */
export function placesTasks(strategy: readonly StrategyItem[]): boolean {
  return strategy.some(({ weight }) => weight > 0);
}

/**
 * The strategy by which RunTask places its tasks: the request's, else the cluster's default; undefined where a launch type
 * is named or there is neither. Throws InvalidParameterException.
 */
export function strategyOf(
  input: { readonly launchType?: unknown; readonly capacityProviderStrategy?: readonly StrategyItemShape[] },
  cluster: {
    readonly capacityProviders: readonly CapacityProviderName[];
    readonly defaultStrategy: readonly StrategyItem[];
  },
): readonly StrategyItem[] | undefined {
  if (input.launchType !== undefined) {
    if (!input.capacityProviderStrategy?.length) return undefined;
    throw invalidParameter(
      'Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.',
    );
  }
  const asked = checkedStrategy(input.capacityProviderStrategy, cluster.capacityProviders);
  if (asked.length > 0) {
    if (!placesTasks(asked)) throw invalidParameter(nothingPlaced('specified'));
    return asked;
  }
  if (cluster.defaultStrategy.length === 0) return undefined;
  if (!placesTasks(cluster.defaultStrategy)) throw invalidParameter(nothingPlaced('default'));
  return cluster.defaultStrategy;
}

function nothingPlaced(which: 'specified' | 'default'): string {
  const mend =
    which === 'default'
      ? "Update the cluster's default capacity provider strategy or specify a valid capacity provider strategy"
      : 'Specify a valid capacity provider strategy';
  return `There are no capacity providers with a weight value greater than zero defined in the ${which} capacity provider strategy. At least one capacity provider must have a weight value greater than zero specified. ${mend} and try again.`;
}

/**
 * The provider of each of `count` tasks: the base first, then always the provider that is furthest behind its weight, in
 * the strategy's order where two are level. For a strategy that places tasks.
 */
export function spreadTasks(strategy: readonly StrategyItem[], count: number): CapacityProviderName[] {
  const based = strategy.find(({ base }) => base > 0);
  const first = Math.min(count, based?.base ?? 0);
  const spread: CapacityProviderName[] = Array.from({ length: first }, () => based!.capacityProvider);
  const shares = strategy.filter(({ weight }) => weight > 0).map((item) => ({ item, taken: 0 }));
  while (spread.length < count) {
    const next = shares.reduce((least, each) => {
      // (taken + 1) / weight, without the rounding of a division.
      return (each.taken + 1) * least.item.weight < (least.taken + 1) * each.item.weight ? each : least;
    });
    next.taken += 1;
    spread.push(next.item.capacityProvider);
  }
  return spread;
}
