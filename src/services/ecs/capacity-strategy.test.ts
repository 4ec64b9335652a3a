// Strategies over capacity providers: what is refused, and how tasks are spread.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { checkedStrategy, placesTasks, spreadTasks, type StrategyItem } from './capacity-strategy.ts';

const strategy = (fargate: [weight: number, base: number], spot: [weight: number, base: number]): StrategyItem[] => [
  { capacityProvider: 'FARGATE', weight: fargate[0], base: fargate[1] },
  { capacityProvider: 'FARGATE_SPOT', weight: spot[0], base: spot[1] },
];
const letters = (names: readonly string[]) => names.map((name) => (name === 'FARGATE' ? 'f' : 's')).join('');

const spreads: readonly (readonly [StrategyItem[], number, string])[] = [
  [strategy([1, 0], [0, 0]), 3, 'fff'],
  [strategy([1, 0], [1, 0]), 4, 'fsfs'],
  [strategy([1, 0], [4, 0]), 5, 'sssfs'],
  [strategy([1, 2], [1, 0]), 5, 'fffsf'],
  [strategy([0, 2], [1, 0]), 5, 'ffsss'],
  [strategy([1, 9], [1, 0]), 3, 'fff'],
];
for (const [items, count, expected] of spreads) {
  const told = items.map(({ weight, base }) => `weight ${weight} base ${base}`).join(', ');
  test(`${count} tasks over ${told} are ${expected}`, () => assert.equal(letters(spreadTasks(items, count)), expected));
}

test('beyond the base each provider has its share, give or take one task', () => {
  const weight = fc.integer({ min: 0, max: 1000 });
  const shares = fc.tuple(weight, weight).filter(([a, b]) => a + b > 0);
  fc.assert(
    fc.property(shares, fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 200 }), ([a, b], base, count) => {
      const spread = spreadTasks(strategy([a, base], [b, 0]), count);
      assert.equal(spread.length, count);
      const rest = Math.max(0, count - base);
      const spot = spread.filter((name) => name === 'FARGATE_SPOT').length;
      assert.ok(Math.abs(spot - (rest * b) / (a + b)) <= 1, `${spot} of ${rest}`);
    }),
  );
});

const refused: readonly (readonly [string, Parameters<typeof checkedStrategy>[0], RegExp])[] = [
  ['a provider that the cluster has not', [{ capacityProvider: 'FARGATE_SPOT', weight: 1 }], /not associated with the/],
  ['a weight above 1000', [{ capacityProvider: 'FARGATE', weight: 1001 }], /weight .* between 0 and 1000\.$/],
  ['a negative base', [{ capacityProvider: 'FARGATE', base: -1 }], /base .* between 0 and 100000\.$/],
  ['a provider twice', [{ capacityProvider: 'FARGATE' }, { capacityProvider: 'FARGATE', weight: 1 }], /more than once/],
];
for (const [what, items, message] of refused) {
  test(`a strategy with ${what} is refused`, () => {
    assert.throws(() => checkedStrategy(items, ['FARGATE']), { code: 'InvalidParameterException', message });
  });
}

test('only one provider of a strategy can have a base', () => {
  assert.throws(() => checkedStrategy(strategy([1, 1], [1, 1]), ['FARGATE', 'FARGATE_SPOT']), {
    message: 'The specified capacity provider strategy contains multiple capacity providers with a base value defined.',
  });
});

test('weight and base are 0 where they are not given, and such a strategy places nothing', () => {
  const checked = checkedStrategy([{ capacityProvider: 'FARGATE' }], ['FARGATE']);
  assert.deepEqual(checked, [{ capacityProvider: 'FARGATE', weight: 0, base: 0 }]);
  assert.equal(placesTasks(checked), false);
});
