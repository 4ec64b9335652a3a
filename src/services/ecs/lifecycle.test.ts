// The table of states holds: the usual walks, and no way back.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  advance,
  desiredStatusOf,
  isBefore,
  isOnNode,
  nextStep,
  states,
  type State,
  type TaskEvent,
} from './lifecycle.ts';

const events: readonly TaskEvent[] = [
  'interface attached',
  'interface failed',
  'node runs it',
  'in service',
  'stop wanted',
  'out of service',
  'node stopped it',
  'interface released',
];

const walks: readonly (readonly [string, readonly TaskEvent[], readonly State[]])[] = [
  [
    'a task that runs and is stopped passes through every state',
    [
      'interface attached',
      'node runs it',
      'in service',
      'stop wanted',
      'out of service',
      'node stopped it',
      'interface released',
    ],
    ['PENDING', 'ACTIVATING', 'RUNNING', 'DEACTIVATING', 'STOPPING', 'DEPROVISIONING', 'STOPPED'],
  ],
  [
    'a task that ends by itself is not stopped first',
    ['interface attached', 'node runs it', 'in service', 'node stopped it', 'interface released'],
    ['PENDING', 'ACTIVATING', 'RUNNING', 'DEPROVISIONING', 'STOPPED'],
  ],
  [
    'a task that cannot be started goes from PENDING to its end',
    ['interface attached', 'node stopped it', 'interface released'],
    ['PENDING', 'DEPROVISIONING', 'STOPPED'],
  ],
  [
    'a task without an address never gets to a node',
    ['interface failed', 'interface released'],
    ['DEPROVISIONING', 'STOPPED'],
  ],
  ['a task stopped at once never gets to a node', ['stop wanted', 'interface released'], ['DEPROVISIONING', 'STOPPED']],
  [
    'a stop of a pending task waits for the node',
    ['interface attached', 'stop wanted', 'node runs it', 'node stopped it'],
    ['PENDING', 'STOPPING', 'STOPPING', 'DEPROVISIONING'],
  ],
];

for (const [name, happening, expected] of walks) {
  test(name, () => {
    const visited: State[] = [];
    happening.reduce<State>((state, event) => {
      const next = advance(state, event);
      visited.push(next);
      return next;
    }, 'PROVISIONING');
    assert.deepEqual(visited, expected);
  });
}

test('whatever happens, and however often, a task never goes back', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...events), { maxLength: 40 }), (happening) => {
      happening.reduce<State>((state, event) => {
        const next = advance(state, event);
        assert.ok(!isBefore(next, state), `${state} -> ${next} by ${event}`);
        return next;
      }, 'PROVISIONING');
    }),
  );
});

test('RUNNING is reached only after the node said that it runs', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...events.filter((event) => event !== 'node runs it'))), (happening) => {
      const state = happening.reduce<State>(advance, 'PROVISIONING');
      assert.notEqual(state, 'RUNNING');
      assert.notEqual(state, 'ACTIVATING');
    }),
  );
});

test('from every state there is a way to STOPPED', () => {
  for (const state of states) {
    const end = ['stop wanted', 'out of service', 'node stopped it', 'interface released'] as const;
    assert.equal(end.reduce<State>(advance, state), 'STOPPED', state);
  }
});

test('every state has a next step, and a stop changes what a live task needs', () => {
  assert.deepEqual(
    states.map((state) => [nextStep(state, false), nextStep(state, true)]),
    [
      ['attach interface', 'abandon'],
      ['tell node to run it', 'take out of service'],
      ['tell node to run it', 'take out of service'],
      ['tell node to run it', 'take out of service'],
      ['take out of service', 'take out of service'],
      ['tell node to stop it', 'tell node to stop it'],
      ['release interface', 'release interface'],
      ['forget when old', 'forget when old'],
    ],
  );
});

test('a node knows of a task from PENDING until it has stopped it', () => {
  assert.deepEqual(states.filter(isOnNode), ['PENDING', 'ACTIVATING', 'RUNNING', 'DEACTIVATING', 'STOPPING']);
});

test('a task is desired to run until a stop is wanted or it is on its way to its end', () => {
  assert.deepEqual(
    states.map((state) => desiredStatusOf(state, false)),
    ['RUNNING', 'RUNNING', 'RUNNING', 'RUNNING', 'STOPPED', 'STOPPED', 'STOPPED', 'STOPPED'],
  );
  assert.ok(states.every((state) => desiredStatusOf(state, true) === 'STOPPED'));
});
