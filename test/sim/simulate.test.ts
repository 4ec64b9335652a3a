// Simulated worlds: the whole control plane on a virtual clock, with whatever a seed lets go wrong, and what must hold.
// BERTH_SIM_SEEDS=20000 lives through more of them; BERTH_SIM_SEED=183 through one, and prints its history with all logs.
import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { test } from 'node:test';
import { createLog } from '#kernel/log.ts';
import { simulateMany } from './fleet.ts';
import { simulateTasks, type Outcome } from './scenario-tasks.ts';
import type { World } from './world.ts';

const seeds = Number(process.env['BERTH_SIM_SEEDS'] ?? 1000);
const replayed = process.env['BERTH_SIM_SEED'];

function story({ seed, failure, history }: Outcome): string {
  return [`In the world of seed ${seed}:`, ...history, `What does not hold: ${failure}`].join('\n');
}

if (replayed === undefined) {
  test(`in ${seeds} worlds no task is lost, none runs twice or without a trace, and all is told as it was`, async (t) => {
    const { worlds, failures } = await simulateMany(1, seeds, Math.min(availableParallelism(), 8));
    for (const failure of failures) {
      t.diagnostic(`replay with: BERTH_SIM_SEED=${failure.seed} node --test test/sim/simulate.test.ts`);
    }
    assert.equal(failures.length, 0, failures.map(story).join('\n\n'));
    assert.equal(worlds, seeds);
  });
} else {
  test(`in the world of seed ${replayed} all holds`, async () => {
    const outcome = await simulateTasks(Number(replayed), { log: intoHistory });
    console.log(outcome.history.join('\n'));
    assert.equal(outcome.failure, undefined);
  });
}

/** The control planes' own words between what happens. */
function intoHistory({ clock, history }: World) {
  return createLog(clock, 'debug', (line) => {
    const { time: _time, level, message, ...fields } = JSON.parse(line) as Record<string, unknown>;
    history.note('log', `${String(level)} ${String(message)} ${JSON.stringify(fields)}`);
  });
}

test('a seed gives the same history each time, with and without logs; another seed another', async () => {
  const first = await simulateTasks(183);
  assert.ok(first.history.length > 50, `${first.history.length} lines`);
  assert.deepEqual(await simulateTasks(183), first);
  const logged = await simulateTasks(183, { log: intoHistory });
  const isLog = (line: string) => / {2}log {12}/.test(line);
  assert.ok(logged.history.some(isLog));
  assert.deepEqual(
    logged.history.filter((line) => !isLog(line)),
    first.history,
  );
  assert.notDeepEqual((await simulateTasks(184)).history, first.history);
});
