// Plans what happens in a world, purely from dice: what clients ask for and what goes wrong, in order of time.
import type { FakeCall } from '#drivers/fake-engine.ts';
import type { Kill, Moment } from './control-plane.ts';
import type { Dice } from './dice.ts';
import { wares } from './wares.ts';

/** Something that happens. Times are milliseconds; a `victim` is a number that chooses among the containers then there. */
export type Deed =
  | {
      readonly do: 'run';
      readonly order: number;
      readonly family: string;
      readonly count: number;
      readonly insists: boolean;
    }
  | { readonly do: 'stop'; readonly order: number }
  | { readonly do: 'deregister'; readonly family: string }
  | { readonly do: 'crash' | 'out of memory' | 'remove by hand'; readonly victim: number; readonly pauseToo: boolean }
  | { readonly do: 'outage'; readonly forMs: number; readonly containers: 'go on' | 'end' }
  | { readonly do: 'slow engine'; readonly forMs: number; readonly slowMs: number }
  | {
      readonly do: 'lose answers';
      readonly call: FakeCall | undefined;
      readonly times: number;
      readonly when: 'before' | 'after';
    }
  | { readonly do: 'slow disk'; readonly forMs: number; readonly slowMs: number }
  | { readonly do: 'fail disk' }
  | { readonly do: 'fail journal'; readonly forMs: number }
  | ({ readonly do: 'kill' } & Kill)
  | ({ readonly do: 'kill at'; readonly at: Moment } & Kill)
  | { readonly do: 'restart'; readonly downMs: number }
  | { readonly do: 'delete group' };

export interface Event {
  /** Milliseconds since the first day's beginning. */
  readonly at: number;
  readonly deed: Deed;
}

const moments: readonly Moment[] = [
  'commit',
  'commit',
  'commit',
  'create',
  'create',
  'start',
  'start',
  'stop',
  'kill',
  'remove',
  'pull',
  'makeImage',
  'ensureNetwork',
];
const calls: readonly (FakeCall | undefined)[] = [
  undefined,
  'create',
  'start',
  'stop',
  'kill',
  'remove',
  'inspect',
  'list',
  'pull',
  'logs',
];
const families = Object.keys(wares);

/** A busy minute of a small shop. */
export function planDays(dice: Dice): Event[] {
  const events: Event[] = [];
  const lasts = dice.between(15, 60) * 1000;
  const orders = dice.between(4, 9);
  for (let order = 0; order < orders; order += 1) {
    const at = dice.below(lasts);
    const count = dice.oneIn(4) ? 2 : 1;
    events.push({ at, deed: { do: 'run', order, family: dice.pick(families), count, insists: !dice.oneIn(4) } });
    if (dice.oneIn(2)) events.push({ at: at + dice.pick([0, 50, 900, 8_000, 20_000]), deed: { do: 'stop', order } });
  }
  const kinds = faultsOf(dice);
  const faults = dice.between(2, 14);
  for (let fault = 0; fault < faults; fault += 1) {
    const at = dice.below(lasts);
    events.push({ at, deed: dice.pick(kinds)(dice) });
    // Misfortunes seldom come alone.
    if (dice.oneIn(4)) events.push({ at: at + dice.below(40), deed: dice.pick(kinds)(dice) });
  }
  return events.toSorted((a, b) => a.at - b.at);
}

type Misfortune = (dice: Dice) => Deed;

const kill = (dice: Dice): Kill => ({ downMs: dice.pick([0, 2, 100, 1_000, 10_000]), landed: dice.oneIn(2) });

const misfortunes: readonly Misfortune[] = [
  (dice) => ({ do: 'crash', victim: dice.below(100), pauseToo: dice.oneIn(3) }),
  (dice) => ({ do: 'out of memory', victim: dice.below(100), pauseToo: false }),
  (dice) => ({ do: 'remove by hand', victim: dice.below(100), pauseToo: dice.oneIn(3) }),
  (dice) => ({ do: 'outage', forMs: dice.pick([5, 300, 9_000]), containers: dice.oneIn(3) ? 'end' : 'go on' }),
  (dice) => ({ do: 'slow engine', forMs: dice.between(100, 5_000), slowMs: dice.pick([100, 1_000]) }),
  (dice) => ({
    do: 'lose answers',
    call: dice.pick(calls),
    times: dice.between(1, 4),
    when: dice.oneIn(2) ? 'before' : 'after',
  }),
  (dice) => ({ do: 'slow disk', forMs: dice.between(500, 15_000), slowMs: dice.pick([10, 200, 1_500]) }),
  () => ({ do: 'fail disk' }),
  (dice) => ({ do: 'fail journal', forMs: dice.pick([50, 2_000, 15_000]) }),
  () => ({ do: 'lose answers', call: 'start', times: 2, when: 'after' }),
  (dice) => ({ do: 'kill', ...kill(dice) }),
  (dice) => ({ do: 'kill', ...kill(dice) }),
  (dice) => ({ do: 'kill at', at: dice.pick(moments), ...kill(dice) }),
  (dice) => ({ do: 'kill at', at: dice.pick(moments), ...kill(dice) }),
  (dice) => ({ do: 'restart', downMs: dice.pick([0, 500]) }),
  (dice) => ({ do: 'deregister', family: dice.pick(families) }),
  (dice) => (dice.oneIn(3) ? { do: 'delete group' } : { do: 'kill', ...kill(dice) }),
];

/** Each world has its own troubles: a mix of few kinds meets its own kind more often than a mix of all. */
function faultsOf(dice: Dice): readonly Misfortune[] {
  if (dice.oneIn(2)) return misfortunes;
  return Array.from({ length: dice.between(1, 4) }, () => dice.pick(misfortunes));
}
