// Which replication rules are taken.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { destinationsFor, readReplicationRules } from './replication-rules.ts';

const source = { account: '123456789012', region: 'us-east-1' };
const to = (region: string, registryId = source.account) => ({ region, registryId });
const prefix = (filter: string, filterType = 'PREFIX_MATCH') => ({ filter, filterType }) as never;
const regions = Array.from({ length: 26 }, (_, at) => to(`eu-west-${at + 1}`));

const refused: readonly [what: string, rules: Parameters<typeof readReplicationRules>[0], message: RegExp][] = [
  [
    'itself',
    { rules: [{ destinations: [to('us-east-1')] }] },
    /^Invalid parameter at 'replicationConfiguration' failed to satisfy constraint: 'Replication destination cannot be the same as the source registry'$/,
  ],
  ['another partition', { rules: [{ destinations: [to('cn-north-1')] }] }, /in another partition/],
  ['no region', { rules: [{ destinations: [to('nowhere')] }] }, /is not a region/],
  ['a malformed region', { rules: [{ destinations: [to('EU')] }] }, /destination.region/],
  ['a malformed account', { rules: [{ destinations: [to('eu-west-1', '12')] }] }, /destination.registryId/],
  ['too many rules', { rules: Array.from({ length: 11 }, () => ({ destinations: [] })) }, /equal to 10/],
  ['too many destinations', { rules: [{ destinations: regions }] }, /at most 25 unique destinations/],
  ['no filters', { rules: [{ destinations: [], repositoryFilters: [] }] }, /greater than or equal to 1/],
  [
    'too many filters',
    { rules: [{ destinations: [], repositoryFilters: Array.from({ length: 101 }, () => prefix('aa')) }] },
    /equal to 100/,
  ],
  [
    'another filter type',
    { rules: [{ destinations: [], repositoryFilters: [prefix('aa', 'WILDCARD')] }] },
    /PREFIX_MATCH/,
  ],
  ['a short filter', { rules: [{ destinations: [], repositoryFilters: [prefix('a')] }] }, /regular expression/],
  ['a malformed filter', { rules: [{ destinations: [], repositoryFilters: [prefix('A*')] }] }, /regular expression/],
];

test('rules that AWS refuses are refused', () => {
  for (const [what, rules, message] of refused) {
    assert.throws(() => readReplicationRules(rules, source), { code: 'InvalidParameterException', message }, what);
  }
});

test('the same destination may be in several rules, and counts once', () => {
  const rules = [{ destinations: regions.slice(0, 25) }, { destinations: regions.slice(0, 25) }];
  assert.equal(destinationsFor(readReplicationRules({ rules }, source), 'api').length, 25);
});

test('a prefix is one of characters, not of parts', () => {
  const repositoryFilters = [prefix('prod'), prefix('team/')];
  const rules = readReplicationRules({ rules: [{ destinations: [to('eu-west-1')], repositoryFilters }] }, source);
  for (const name of ['prod', 'production/api', 'team/api']) assert.equal(destinationsFor(rules, name).length, 1, name);
  for (const name of ['my-prod', 'team', 'teams']) assert.equal(destinationsFor(rules, name).length, 0, name);
});
