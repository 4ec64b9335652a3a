// The simulation can fail: bugs planted into what surrounds a control plane are found, and named.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeEngine } from '#drivers/fake-engine.ts';
import type { Journal } from '#drivers/journal.ts';
import type { Runtime } from '#drivers/runtime.ts';
import type { Database } from '#kernel/store.ts';
import { VirtualClock } from '#kernel/virtual-clock.ts';
import { Dice } from './dice.ts';
import { History, Violation } from './history.ts';
import { Invariants } from './invariants.ts';
import { simulateTasks } from './scenario-tasks.ts';
import type { Plants } from './world.ts';

/** A driver of which some methods do something else. */
function altered<T extends object>(driver: T, methods: Partial<T>): T {
  return new Proxy(driver, {
    get(object, name) {
      const other: unknown = Reflect.get(methods, name);
      const own: unknown = Reflect.get(object, name);
      return other ?? (typeof own === 'function' ? own.bind(object) : own);
    },
  });
}

/** Every `n`th call is true. */
function every(n: number): () => boolean {
  let calls = 0;
  return () => ++calls % n === 0;
}

function startingAgain(runtime: Runtime): Runtime {
  const stop = async (id: string, timeoutSeconds: number) => {
    await runtime.stop(id, timeoutSeconds);
    await runtime.start(id);
    await runtime.stop(id, timeoutSeconds);
  };
  return altered(runtime, { stop });
}

function forgettingContainers(runtime: Runtime): Runtime {
  return altered(runtime, { remove: async () => undefined });
}

function makingMore(runtime: Runtime): Runtime {
  const create: Runtime['create'] = async (spec) => {
    const id = await runtime.create(spec);
    const labels = { ...spec.labels, 'com.amazonaws.ecs.task-arn': `${spec.labels['com.amazonaws.ecs.task-arn']}0` };
    await runtime.start(
      await runtime.create({ ...spec, name: `${spec.name}-more`, labels, network: { mode: 'none' } }),
    );
    return id;
  };
  return altered(runtime, { create });
}

function lyingAboutExits(runtime: Runtime): Runtime {
  const inspect: Runtime['inspect'] = async (id) => {
    const container = await runtime.inspect(id);
    return container?.exitCode === undefined ? container : { ...container, exitCode: 0 };
  };
  return altered(runtime, { inspect });
}

function forgettingWrites(database: Database): Database {
  const isForgotten = every(9);
  const commit: Database['commit'] = (batch, sequence) =>
    isForgotten() ? Promise.resolve() : database.commit(batch, sequence);
  return altered(database, { commit });
}

/** As a disk whose cache is called durable. */
function acknowledgingEarly(database: Database): Database {
  let last: Promise<void> = Promise.resolve();
  const commit: Database['commit'] = async (batch, sequence) => {
    last = last.then(() => database.commit(batch, sequence)).catch(() => undefined);
  };
  return altered(database, { commit });
}

function tearingWrites(database: Database): Database {
  return altered(database, { commit: (batch, sequence) => database.commit(batch.slice(0, 1), sequence) });
}

function repeatingLines(journal: Journal): Journal {
  const isRepeated = every(7);
  const append: Journal['append'] = async (name, content) => {
    if (isRepeated()) await journal.append(name, content);
    return journal.append(name, content);
  };
  return altered(journal, { append });
}

const bugs: readonly (readonly [string, Plants, RegExp])[] = [
  ['a container that is started a second time', { runtime: startingAgain }, /started twice/],
  ['containers that are not removed', { runtime: forgettingContainers }, /on the engine without a live task/],
  ['containers that nobody asked for', { runtime: makingMore }, /a container without a task is started/],
  ['wrong exit codes', { runtime: lyingAboutExits }, /exit code of .* is told as 0, and was/],
  ['writes that are acknowledged and forgotten', { database: forgettingWrites }, /lost or changed what it had ack/],
  ['writes that are acknowledged too early', { database: acknowledgingEarly }, /lost or changed what it had ack/],
  ['writes that are kept by half', { database: tearingWrites }, /lost or changed what it had ack/],
  ['lines that are written twice', { journal: repeatingLines }, /output in .* is kept as/],
];

for (const [what, plants, finding] of bugs) {
  test(`${what}: found within twenty worlds`, async () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const { failure } = await simulateTasks(seed, { plants });
      if (failure === undefined) continue;
      assert.match(failure, finding);
      return;
    }
    assert.fail('not found');
  });
}

const interfaceAt = (privateIpAddress: string) => ({
  spec: { networkInterfaceId: `eni-${privateIpAddress}`, privateIpAddress },
});
const taskIn = (lastStatus: string, version: number, spec: object = {}) => ({
  spec: { id: 'a', family: 'web', ...spec },
  status: { lastStatus, version, containers: [] },
});
const stop = { code: 'UserInitiated', reason: 'enough', at: 1 };

const lapses: readonly (readonly [string, string, readonly (readonly [string, object | undefined])[], RegExp])[] = [
  [
    'a status that goes back',
    'ecs/task',
    [
      ['a', taskIn('RUNNING', 1)],
      ['a', taskIn('PENDING', 2)],
    ],
    /went back from RUNNING to PENDING/,
  ],
  [
    'a stopped task that changes',
    'ecs/task',
    [
      ['a', taskIn('STOPPED', 1)],
      ['a', taskIn('STOPPED', 2)],
    ],
    /changed after it had STOPPED/,
  ],
  [
    'a change without a version',
    'ecs/task',
    [
      ['a', taskIn('PENDING', 1)],
      ['a', taskIn('RUNNING', 1)],
    ],
    /has version 1 again/,
  ],
  [
    'a stop that is forgotten',
    'ecs/task',
    [
      ['a', taskIn('RUNNING', 1, { stop })],
      ['a', taskIn('RUNNING', 2)],
    ],
    /forgot that it was to stop/,
  ],
  [
    'a live task that is deleted',
    'ecs/task',
    [
      ['a', taskIn('RUNNING', 1)],
      ['a', undefined],
    ],
    /deleted before it had STOPPED/,
  ],
  [
    'an address of two',
    'ec2/network-interface',
    [
      ['a', interfaceAt('10.0.0.4')],
      ['b', interfaceAt('10.0.0.4')],
    ],
    /given out twice: 10\.0\.0\.4/,
  ],
];

for (const [what, kind, writes, finding] of lapses) {
  test(`${what} does not pass`, () => {
    const clock = new VirtualClock();
    const history = new History(clock);
    const invariants = new Invariants(history, new FakeEngine({ clock, random: new Dice(1).random }));
    for (const [at, [key, document]] of writes.entries()) {
      history.check();
      const body = document && JSON.stringify(document);
      invariants.landed({ kind, key, version: 1, revision: at, body });
    }
    assert.throws(
      () => history.check(),
      (thrown) => thrown instanceof Violation && finding.test(thrown.message),
    );
  });
}
