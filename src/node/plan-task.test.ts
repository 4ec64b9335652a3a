// The plan of a task: tables for each rule, and random tasks played to their end.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { hasRun, isCleared, isOver, isStopped, isStopping, planTask } from './plan-task.ts';
import type { Condition, ContainerView, TaskAction, TaskView } from './plan-task.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

function container(name: string, parts: Partial<ContainerView> = {}): ContainerView {
  return {
    name,
    essential: true,
    dependsOn: [],
    volumesFrom: [],
    phase: 'absent',
    imageReady: true,
    started: ['running', 'ended'].includes(parts.phase ?? 'absent'),
    late: false,
    healthy: false,
    healthLate: false,
    busy: false,
    unsure: false,
    drained: true,
    ...parts,
  };
}

function task(containers: ContainerView[], parts: Partial<TaskView> = {}): TaskView {
  return {
    desired: 'RUNNING',
    failed: false,
    pause: { phase: 'running', busy: false },
    volumes: { phase: 'none', busy: false },
    containers,
    acknowledged: false,
    ...parts,
  };
}

function after(containerName: string, condition: Condition): Partial<ContainerView> {
  return { dependsOn: [{ containerName, condition }] };
}

const absent = { phase: 'absent', busy: false } as const;
const made = { phase: 'made', busy: false } as const;

/** A task whose containers are removed already. */
function ending(parts: Partial<TaskView>): TaskView {
  const pause = { phase: 'ended', busy: false } as const;
  return task([container('a', { phase: 'removed' })], { desired: 'STOPPED', acknowledged: true, pause, ...parts });
}

const rows: readonly [string, TaskView, string[]][] = [
  [
    'makes the namespace and pulls everything at once',
    task([container('a', { imageReady: false }), container('b', { imageReady: false })], {
      pause: { phase: 'absent', busy: false },
    }),
    ['create-pause', 'pull a', 'pull b'],
  ],
  [
    'starts the namespace while images are pulled',
    task([container('a', { imageReady: false, busy: true })], { pause: { phase: 'created', busy: false } }),
    ['start-pause'],
  ],
  ['makes nothing before all is pulled', task([container('a'), container('b', { imageReady: false, busy: true })]), []],
  ['makes all before it starts any', task([container('a', { phase: 'created' }), container('b')]), ['create b']],
  [
    'makes containers while the namespace is started, and waits with their start',
    task([container('a', { phase: 'created' })], { pause: { phase: 'created', busy: true } }),
    [],
  ],
  [
    'starts what depends on nothing',
    task([container('a', { phase: 'created' }), container('b', { phase: 'created', ...after('a', 'START') })]),
    ['start a'],
  ],
  [
    'starts after START once the dependency runs',
    task([container('a', { phase: 'running' }), container('b', { phase: 'created', ...after('a', 'START') })]),
    ['start b'],
  ],
  [
    'starts after START although the dependency ended meanwhile',
    task([
      container('a', { phase: 'ended', exitCode: 1, essential: false }),
      container('b', { phase: 'created', ...after('a', 'START') }),
    ]),
    ['start b'],
  ],
  [
    'waits for COMPLETE while the dependency runs',
    task([
      container('a', { phase: 'running', essential: false }),
      container('b', { phase: 'created', ...after('a', 'COMPLETE') }),
    ]),
    [],
  ],
  [
    'starts after COMPLETE whatever the exit code',
    task([
      container('a', { phase: 'ended', exitCode: 3, essential: false }),
      container('b', { phase: 'created', ...after('a', 'COMPLETE') }),
    ]),
    ['start b'],
  ],
  [
    'starts after SUCCESS when the exit code is 0',
    task([
      container('a', { phase: 'ended', exitCode: 0, essential: false }),
      container('b', { phase: 'created', ...after('a', 'SUCCESS') }),
    ]),
    ['start b'],
  ],
  [
    'stops the task when an essential container can never start',
    task([
      container('a', { phase: 'ended', exitCode: 1, essential: false }),
      container('b', { phase: 'created', ...after('a', 'SUCCESS') }),
      container('c', { phase: 'running' }),
    ]),
    ['stop c'],
  ],
  [
    'goes on when a container that is not essential can never start',
    task([
      container('a', { phase: 'ended', exitCode: 1, essential: false }),
      container('b', { phase: 'created', essential: false, ...after('a', 'SUCCESS') }),
      container('c', { phase: 'created' }),
    ]),
    ['start c'],
  ],
  [
    'gives up on a dependency that is late',
    task([
      container('a', { phase: 'running', late: true, essential: false }),
      container('b', { phase: 'created', ...after('a', 'SUCCESS') }),
    ]),
    ['stop a'],
  ],
  [
    'waits for HEALTHY while no check has passed',
    task([container('a', { phase: 'running' }), container('b', { phase: 'created', ...after('a', 'HEALTHY') })]),
    [],
  ],
  [
    'starts after HEALTHY once the dependency is healthy',
    task([
      container('a', { phase: 'running', healthy: true }),
      container('b', { phase: 'created', ...after('a', 'HEALTHY') }),
    ]),
    ['start b'],
  ],
  [
    'gives up on a dependency that was not healthy in time',
    task([
      container('a', { phase: 'running', late: true, healthLate: true, essential: false }),
      container('b', { phase: 'created', ...after('a', 'HEALTHY') }),
    ]),
    ['stop a'],
  ],
  [
    'does not give up on a dependency that was healthy in time, however long it runs',
    task([
      container('a', { phase: 'running', late: true, healthy: true }),
      container('b', { phase: 'created', ...after('a', 'HEALTHY') }),
    ]),
    ['start b'],
  ],
  [
    'gives up on the health of what has ended, even healthy',
    task([
      container('a', { phase: 'ended', exitCode: 0, healthy: true, essential: false }),
      container('b', { phase: 'created', ...after('a', 'HEALTHY') }),
      container('c', { phase: 'running' }),
    ]),
    ['stop c'],
  ],
  [
    'lets what is unhealthy run',
    task([container('a', { phase: 'running' }), container('b', { phase: 'running', ...after('a', 'HEALTHY') })]),
    [],
  ],
  [
    'stops all when an essential container exited',
    task([container('a', { phase: 'ended', exitCode: 0 }), container('b', { phase: 'running' })]),
    ['stop b'],
  ],
  [
    'lets the others run when one that is not essential exited',
    task([container('a', { phase: 'ended', exitCode: 0, essential: false }), container('b', { phase: 'running' })]),
    [],
  ],
  [
    'stops in reverse order',
    task(
      [
        container('a', { phase: 'running' }),
        container('b', { phase: 'running', ...after('a', 'START') }),
        container('c', { phase: 'running', ...after('b', 'START') }),
      ],
      { desired: 'STOPPED' },
    ),
    ['stop c'],
  ],
  [
    'waits for a start under way before it stops what that depends on',
    task(
      [container('a', { phase: 'running' }), container('b', { phase: 'created', busy: true, ...after('a', 'START') })],
      { desired: 'STOPPED' },
    ),
    [],
  ],
  [
    'ends the namespace last',
    task([container('a', { phase: 'ended', exitCode: 0 }), container('b', { phase: 'created' })], {
      desired: 'STOPPED',
    }),
    ['kill-pause'],
  ],
  [
    'stops all when the namespace is gone',
    task([container('a', { phase: 'running' })], { pause: { phase: 'ended', busy: false } }),
    ['stop a'],
  ],
  [
    'removes nothing before the stop is acknowledged',
    task([container('a', { phase: 'ended' })], { pause: { phase: 'ended', busy: false } }),
    [],
  ],
  [
    'keeps a container until its output was shipped',
    task([container('a', { phase: 'ended', drained: false }), container('b', { phase: 'created' })], {
      desired: 'STOPPED',
      acknowledged: true,
      pause: { phase: 'ended', busy: false },
    }),
    ['remove b'],
  ],
  [
    'removes the namespace after the containers',
    task([container('a', { phase: 'removed' })], {
      desired: 'STOPPED',
      acknowledged: true,
      pause: { phase: 'ended', busy: false },
    }),
    ['remove-pause'],
  ],
  [
    'makes volumes at once, and no container before them',
    task([container('a'), container('b', { imageReady: false, busy: true })], { volumes: absent }),
    ['create-volumes'],
  ],
  ['waits for volumes that are being made', task([container('a')], { volumes: { phase: 'absent', busy: true } }), []],
  [
    'makes a container after those whose volumes it has',
    task([container('a', { volumesFrom: ['b'] }), container('b', { busy: true }), container('c')], { volumes: made }),
    ['create c'],
  ],
  [
    'makes a container once those whose volumes it has are made, or can never be',
    task(
      [
        container('a', { volumesFrom: ['b', 'c'], essential: false }),
        container('b', { phase: 'created' }),
        container('c', { phase: 'ended', essential: false, started: false }),
      ],
      { volumes: made },
    ),
    ['create a'],
  ],
  [
    'makes no volumes where all containers are there',
    task([container('a', { phase: 'created' })], { volumes: absent }),
    ['start a'],
  ],
  ['removes volumes after the containers, before the namespace', ending({ volumes: made }), ['remove-volumes']],
  ['looks for volumes that were perhaps made', ending({ volumes: absent }), ['remove-volumes']],
  ['waits with the namespace for the volumes', ending({ volumes: { phase: 'made', busy: true } }), []],
  ['removes the namespace after the volumes', ending({ volumes: { phase: 'removed', busy: false } }), ['remove-pause']],
  [
    'does nothing for a failed task of which nothing was made',
    task([container('a', { imageReady: false })], { failed: true, pause: { phase: 'absent', busy: false } }),
    [],
  ],
];

for (const [name, view, expected] of rows) {
  test(`the plan ${name}`, () => assert.deepEqual(planTask(view).map(textOf), expected));
}

function textOf(action: TaskAction): string {
  return 'container' in action ? `${action.do} ${action.container}` : action.do;
}

test('a task has run once every container started, also when some ended', () => {
  assert.equal(hasRun(task([container('a', { phase: 'running' }), container('b', { phase: 'created' })])), false);
  assert.equal(hasRun(task([container('a', { phase: 'running' }), container('b', { phase: 'ended' })])), true);
});

test('a task whose container failed to start has not run', () => {
  assert.equal(hasRun(task([container('a', { phase: 'ended', started: false })])), false);
});

/** A task on a toy engine, moved by random numbers. */
class Play {
  readonly containers: Mutable<ContainerView>[];
  readonly view: Mutable<TaskView> & { pause: Mutable<TaskView['pause']>; volumes: Mutable<TaskView['volumes']> };
  readonly underWay: TaskAction[] = [];

  constructor(containers: readonly ContainerView[]) {
    this.containers = containers.map((each) => ({ ...each }));
    this.view = {
      ...task(this.containers),
      pause: { phase: 'absent', busy: false },
      volumes: { phase: 'absent', busy: false },
    };
  }

  subject(action: TaskAction): Mutable<ContainerView> | Mutable<TaskView['pause']> | Mutable<TaskView['volumes']> {
    if (action.do === 'create-volumes' || action.do === 'remove-volumes') return this.view.volumes;
    return 'container' in action ? this.containers.find((each) => each.name === action.container)! : this.view.pause;
  }

  plan(): void {
    for (const action of planTask(this.view)) {
      this.check(action);
      this.subject(action).busy = true;
      this.underWay.push(action);
    }
  }

  /** What must hold whenever an action is chosen. */
  check(action: TaskAction): void {
    assert.equal(this.subject(action).busy, false, `${textOf(action)} while busy`);
    if (action.do === 'start') {
      const own = this.containers.find((each) => each.name === action.container)!;
      assert.equal(own.started, false, 'started twice');
      assert.equal(this.view.pause.phase, 'running');
      for (const { containerName, condition } of own.dependsOn) {
        const dependency = this.containers.find((each) => each.name === containerName)!;
        assert.ok(dependency.started, 'started before its dependency');
        if (condition === 'HEALTHY') assert.ok(dependency.phase === 'running' && dependency.healthy);
        if (condition === 'COMPLETE' || condition === 'SUCCESS') assert.equal(dependency.phase, 'ended');
        if (condition === 'SUCCESS') assert.equal(dependency.exitCode, 0);
      }
    }
    if (action.do === 'create') {
      assert.equal(this.view.volumes.phase, 'made');
      const own = this.containers.find((each) => each.name === action.container)!;
      for (const name of own.volumesFrom) {
        assert.notEqual(this.containers.find((each) => each.name === name)!.phase, 'absent', 'made before its source');
      }
    }
    if (action.do === 'remove-volumes') {
      assert.ok(this.containers.every(({ phase }) => phase === 'absent' || phase === 'removed'));
    }
    if (['pull', 'create', 'start', 'create-pause', 'create-volumes', 'start-pause'].includes(action.do)) {
      assert.equal(isStopping(this.view), false, `${textOf(action)} in a task that stops`);
    }
    if (action.do === 'kill-pause') assert.ok(this.containers.every((each) => each.phase !== 'running'));
    if (action.do === 'remove' || action.do === 'remove-pause') assert.ok(this.view.acknowledged);
  }

  finish(action: TaskAction, chance: number): void {
    const part = this.subject(action);
    part.busy = false;
    const failed = chance < 0.1;
    if (action.do === 'pull') {
      if (failed) this.view.failed = true;
      else (part as Mutable<ContainerView>).imageReady = true;
    } else if (action.do === 'create' || action.do === 'create-pause') {
      part.phase = 'created';
    } else if (action.do === 'create-volumes') {
      part.phase = 'made';
    } else if (action.do === 'start') {
      Object.assign(part, failed ? { phase: 'ended' } : { phase: 'running', started: true });
    } else if (action.do === 'start-pause') {
      part.phase = 'running';
    } else if (action.do === 'stop' || action.do === 'kill-pause') {
      if (part.phase === 'running') Object.assign(part, { phase: 'ended', exitCode: 143 });
    } else {
      part.phase = 'removed';
    }
  }

  turnHealth(chance: number): void {
    const running = this.containers.filter((each) => each.phase === 'running');
    const one = running[Math.floor(chance * running.length)];
    if (one !== undefined) one.healthy = !one.healthy;
  }

  exit(chance: number): void {
    const running = this.containers.filter((each) => each.phase === 'running');
    const one = running[Math.floor(chance * running.length)];
    if (one !== undefined)
      Object.assign(one, { phase: 'ended', exitCode: Math.floor(chance * 2), drained: chance > 0.5 });
  }
}

const anyContainers = (conditions: readonly Condition[]) =>
  fc
    .array(
      fc.record({
        essential: fc.boolean(),
        mounts: fc.array(fc.nat(), { maxLength: 2 }),
        waits: fc.array(fc.tuple(fc.nat(), fc.constantFrom(...conditions)), { maxLength: 2 }),
      }),
      { minLength: 1, maxLength: 5 },
    )
    .map((drafts) =>
      drafts.map(({ essential, mounts, waits }, index) =>
        container(`c${index}`, {
          essential: essential || index === drafts.length - 1,
          imageReady: false,
          volumesFrom: index === 0 ? [] : mounts.map((at) => `c${at % index}`),
          dependsOn:
            index === 0 ? [] : waits.map(([at, condition]) => ({ containerName: `c${at % index}`, condition })),
        }),
      ),
    );

test('whatever happens, order is kept, nothing starts twice, and a task that is to stop is cleared away', () => {
  fc.assert(
    fc.property(
      anyContainers(['START', 'COMPLETE', 'SUCCESS', 'HEALTHY']),
      fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { maxLength: 60 }),
      (drafted, chances) => {
        const play = new Play(drafted);
        for (const chance of chances) {
          play.plan();
          if (chance < 0.15) play.exit(chance / 0.15);
          else if (chance > 0.97) play.view.desired = 'STOPPED';
          else if (chance > 0.77) play.turnHealth((chance - 0.77) / 0.2);
          else if (play.underWay.length > 0) {
            const [action] = play.underWay.splice(Math.floor(chance * play.underWay.length), 1);
            play.finish(action!, chance);
          }
          if (isStopped(play.view)) assert.ok(play.containers.every((each) => each.phase !== 'running'));
        }
        play.view.desired = 'STOPPED';
        for (let turn = 0; turn < 60 && !isCleared(play.view); turn++) {
          play.plan();
          for (const action of play.underWay.splice(0)) play.finish(action, 1);
          for (const each of play.containers) each.drained = true;
          if (isStopped(play.view)) play.view.acknowledged = true;
        }
        assert.ok(isCleared(play.view), 'not cleared');
      },
    ),
    { numRuns: 2000 },
  );
});

test('left alone, a task comes to run all that can run', () => {
  fc.assert(
    fc.property(anyContainers(['START', 'COMPLETE', 'SUCCESS']), (drafted) => {
      const play = new Play(drafted);
      for (let turn = 0; turn < 60; turn++) {
        play.plan();
        for (const action of play.underWay.splice(0)) play.finish(action, 1);
        // Those that others wait for end well, if they may.
        for (const each of play.containers) {
          if (each.phase === 'running' && !each.essential) Object.assign(each, { phase: 'ended', exitCode: 0 });
        }
      }
      const waitsForEver = (each: ContainerView): boolean =>
        each.dependsOn.some(({ containerName, condition }) => {
          const dependency = play.containers.find((other) => other.name === containerName)!;
          return (condition !== 'START' && dependency.essential) || waitsForEver(dependency);
        });
      for (const each of play.containers) {
        assert.equal(each.started, !waitsForEver(each), each.name);
        if (!each.started) assert.equal(isOver(play.view, each), false);
      }
    }),
    { numRuns: 500 },
  );
});
