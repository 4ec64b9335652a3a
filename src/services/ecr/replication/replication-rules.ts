// A registry's replication rules: what a request may ask for, how they are told, and where they send a repository's images. Pure.
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/replication.html
import type { In } from '#aws/service.ts';
import { formatArn, isRegion, type Scope } from '#kernel/arn.ts';
import { invalidParameter, outOfRange } from '#services/ecr/errors.ts';
import type { ReplicationRule } from '#services/ecr/kinds.ts';
import { otherPartition, replicatesToItself, tooManyDestinations, unknownRegion } from './errors.ts';

type Asked = In<'ecr', 'PutReplicationConfiguration'>['replicationConfiguration'];
type AskedRule = NonNullable<NonNullable<Asked>['rules']>[number];
type AskedDestination = NonNullable<AskedRule['destinations']>[number];
type AskedFilter = NonNullable<AskedRule['repositoryFilters']>[number];

const mostRules = 10;
const mostDestinations = 25;
const mostFilters = 100;
const path = 'replicationConfiguration.rules';
const filterPattern = '^(?:[a-z0-9]+(?:[._-][a-z0-9]*)*/)*[a-z0-9]*(?:[._-][a-z0-9]*)*$';
const filterForm = new RegExp(filterPattern);

/** The rules that a request asks for. Throws InvalidParameterException. */
export function readReplicationRules(asked: Asked, source: Scope): ReplicationRule[] {
  const rules = asked?.rules ?? [];
  if (rules.length > mostRules) throw outOfRange(path, 'length', `less than or equal to ${mostRules}`);
  const read = rules.map((rule) => ({
    destinations: (rule.destinations ?? []).map((each) => readDestination(each, source)),
    prefixes: readPrefixes(rule.repositoryFilters),
  }));
  if (destinationsOf(read).length > mostDestinations) throw tooManyDestinations(mostDestinations);
  return read;
}

/** Throws InvalidParameterException where it is no registry that the source may replicate to. */
export function readDestination(asked: AskedDestination | undefined, source: Scope): Scope {
  const { region = '', registryId: account = '' } = asked ?? {};
  if (!/^[0-9a-z-]{2,25}$/.test(region)) {
    throw invalidParameter('destination.region', "must satisfy regular expression '[0-9a-z-]{2,25}'");
  }
  if (!/^\d{12}$/.test(account)) {
    throw invalidParameter('destination.registryId', "must satisfy regular expression '[0-9]{12}'");
  }
  if (!isRegion(region)) throw unknownRegion(region);
  const destination = { account, region };
  if (partitionOf(destination) !== partitionOf(source)) throw otherPartition(region);
  if (sameScope(destination, source)) throw replicatesToItself();
  return destination;
}

function readPrefixes(filters: readonly AskedFilter[] | undefined): string[] {
  if (filters === undefined) return [];
  const parameter = `${path}.repositoryFilters`;
  if (filters.length < 1) throw outOfRange(parameter, 'length', 'greater than or equal to 1');
  if (filters.length > mostFilters) throw outOfRange(parameter, 'length', `less than or equal to ${mostFilters}`);
  return filters.map(({ filter = '', filterType }) => {
    if (filterType !== 'PREFIX_MATCH') {
      throw invalidParameter(`${parameter}.filterType`, 'Member must satisfy enum value set: [PREFIX_MATCH]');
    }
    if (filter.length < 2 || filter.length > 256 || !filterForm.test(filter)) {
      throw invalidParameter(`${parameter}.filter`, `must satisfy regular expression '${filterPattern}'`);
    }
    return filter;
  });
}

/** The rules as they were put. */
export function describeReplicationRules(rules: readonly ReplicationRule[]) {
  return rules.map(({ destinations, prefixes }) => ({
    destinations: destinations.map(describeDestination),
    ...(prefixes.length === 0
      ? {}
      : { repositoryFilters: prefixes.map((filter) => ({ filter, filterType: 'PREFIX_MATCH' as const })) }),
  }));
}

export function describeDestination({ account, region }: Scope) {
  return { region, registryId: account };
}

/** Where a repository's images go, each place once. */
export function destinationsFor(rules: readonly ReplicationRule[], repositoryName: string): Scope[] {
  return destinationsOf(
    rules.filter(
      ({ prefixes }) => prefixes.length === 0 || prefixes.some((prefix) => repositoryName.startsWith(prefix)),
    ),
  );
}

/** Every place that the rules name, once. */
export function destinationsOf(rules: readonly ReplicationRule[]): Scope[] {
  const byName = new Map(rules.flatMap((rule) => rule.destinations).map((each) => [scopeName(each), each]));
  return [...byName.values()];
}

/** `123456789012.eu-west-1` */
export function scopeName({ account, region }: Scope): string {
  return `${account}.${region}`;
}

export function sameScope(one: Scope, other: Scope): boolean {
  return scopeName(one) === scopeName(other);
}

function partitionOf(scope: Scope): string {
  return formatArn('ecr', scope, '').split(':')[1]!;
}
