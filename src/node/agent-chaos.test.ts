// Random weeks of a node: crashes, outages, lost answers, killed nodes; and what must hold through all of them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fraction } from '#kernel/random.ts';
import { seededRandom } from '#kernel/seeded-random.ts';
import type { FakeContainer } from '#drivers/fake-container.ts';
import type { FakeProgram } from '#drivers/fake-image.ts';
import { label, pauseContainerName, taskIdOf } from './labels.ts';
import type { PayloadTask } from './messages.ts';
import { awslogs, containerOf, harness, taskOf } from './node.fixture.ts';
import type { Harness } from './node.fixture.ts';

const seeds = 30;
const ranks = { PENDING: 0, RUNNING: 1, STOPPED: 2 };

/** Chance that repeats itself. */
class Dice {
  readonly #random;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  /** An integer below `bound`. */
  below(bound: number): number {
    return Math.floor(fraction(this.#random) * bound);
  }
}

/** Tasks as a control plane has them: it asks for each until it knows that it stopped. */
class Play {
  readonly dice: Dice;
  readonly h: Harness;
  readonly tasks: PayloadTask[] = [];
  /** Every container that was ever seen, with all that it wrote. */
  readonly seen = new Map<string, FakeContainer>();
  /** Those that somebody removed, perhaps before all they wrote was read. */
  readonly removed = new Set<string>();
  readonly lines = Array.from({ length: 20 }, (_, index) => ({ text: `line ${index}`, afterMs: index * 37 }));

  constructor(seed: number) {
    this.dice = new Dice(seed);
    this.h = harness(1 + this.dice.below(5));
    this.h.engine.publish('app:1', { program: () => this.#program(), pullMs: this.dice.below(200) });
    this.h.engine.publish('init:1', { program: { runsForMs: 50, output: [{ text: 'ready' }] } });
  }

  #program(): FakeProgram {
    const ends = this.dice.below(3) === 0;
    const runsForMs = ends ? 800 + this.dice.below(10_000) : undefined;
    return {
      output: this.lines,
      runsForMs,
      exitCode: this.dice.below(2) * 3,
      stopsInMs: this.dice.below(500),
      termExitCode: 0,
    };
  }

  async begin(): Promise<void> {
    const dependsOn = [{ containerName: 'init', condition: 'SUCCESS' }] as const;
    const volumesFrom = [{ sourceContainer: 'init', readOnly: true }];
    const mountPoints = [{ sourceVolume: 'scratch', containerPath: '/scratch', readOnly: false }];
    const task = taskOf(
      this.tasks.length + 1,
      [
        containerOf('app', { dependsOn, volumesFrom }, awslogs()),
        containerOf('init', { essential: false, image: 'init:1', mountPoints }, awslogs()),
      ],
      { volumes: [{ name: 'scratch', type: 'host', host: {} }] },
    );
    this.tasks.push(task);
    await this.h.want(task);
  }

  async stop(index: number): Promise<void> {
    const task = this.tasks[index];
    if (task === undefined || this.isOver(index)) return;
    this.tasks[index] = { ...task, desiredStatus: 'STOPPED' };
    await this.h.want({ ...task, desiredStatus: 'STOPPED', containers: [], volumes: undefined });
  }

  isOver(index: number): boolean {
    return this.h.controlPlane.stopped(index + 1) !== undefined;
  }

  /** A new node, told what a control plane tells it on connecting. */
  async reboot(): Promise<void> {
    this.h.boot();
    const live = this.tasks.filter((_, index) => !this.isOver(index));
    for (const task of live) {
      const isStop = task.desiredStatus === 'STOPPED';
      const lastStatus = this.h.controlPlane.changes.findLast((each) => each.task === task.arn)?.status;
      await this.h.want(
        isStop
          ? { ...task, containers: [], volumes: undefined }
          : { ...task, lastStatus: lastStatus === 'RUNNING' ? 'RUNNING' : 'PENDING' },
      );
    }
    await this.h.manifest(...live);
  }

  async step(): Promise<void> {
    const { dice, h } = this;
    const running = [...h.engine.containers.values()].filter((each) => each.running);
    const victim = running[dice.below(Math.max(1, running.length))];
    switch (dice.below(13)) {
      case 0:
      case 1:
      case 2:
        if (this.tasks.length < 9) await this.begin();
        break;
      case 3:
        await this.stop(dice.below(9));
        break;
      case 4:
        if (victim !== undefined) h.engine.crash(victim.id, 137);
        break;
      case 5:
        h.engine.outage(dice.below(3) === 0 ? 'end' : 'go on');
        break;
      case 6:
        await this.reboot();
        break;
      case 7:
        h.engine.inject({
          when: dice.below(2) === 0 ? 'after' : 'before',
          times: 1 + dice.below(3),
          fails: { reason: 'unavailable', message: 'socket hang up' },
        });
        break;
      case 8:
        h.controlPlane.rejecting = !h.controlPlane.rejecting;
        break;
      case 9:
        h.sink.failing = { times: dice.below(12), keep: dice.below(3) };
        break;
      case 10:
        if (victim !== undefined) this.#removeByHand(victim);
        break;
      default:
        h.engine.heal();
    }
    await h.clock.advance(dice.below(400));
    for (const container of h.engine.containers.values()) this.seen.set(container.spec.name, container);
  }

  #removeByHand(victim: FakeContainer): void {
    this.removed.add(victim.spec.name);
    this.h.engine.remove(victim.id);
  }

  /** Everything heals and every task is asked to stop: then all must end. */
  async finish(): Promise<void> {
    const { h } = this;
    h.engine.heal();
    h.controlPlane.rejecting = false;
    for (let index = 0; index < this.tasks.length; index++) await this.stop(index);
    await h.clock.advanceUntil(
      () => this.tasks.every((_, index) => this.isOver(index)) && h.names().length === 0 && h.engine.volumes.size === 0,
      900_000,
    );
  }

  check(): void {
    const { h } = this;
    const starts = h.engine.history.filter((each) => each.what === 'start').map((each) => each.name);
    // A namespace that was removed before anything ran in it may be made anew.
    const mayComeAgain = (name: string) => this.removed.has(name) && name.includes('-internal-ecs-pause-');
    const twice = starts.filter((name, index) => starts.indexOf(name) < index && !mayComeAgain(name));
    assert.deepEqual(twice, [], 'nothing starts twice');
    for (const [index] of this.tasks.entries()) {
      const told = h.controlPlane.of(index + 1).map((each) => ranks[each.status]);
      assert.deepEqual(told, told.toSorted(), 'a status never goes back, over all nodes');
    }
    for (const { spec, lines } of this.seen.values()) {
      const name = spec.labels[label.containerName];
      if (name === pauseContainerName || this.removed.has(spec.name)) continue;
      const shipped = h.sink.texts(`ecs/${name}/${taskIdOf(spec.labels[label.taskArn]!)}`);
      assert.deepEqual(
        shipped,
        lines.map((each) => each.text),
        'every line, once, in order',
      );
    }
  }
}

test(`through ${seeds} random weeks nothing starts twice, nothing is left, and no line is lost or doubled`, async () => {
  for (let seed = 1; seed <= seeds; seed++) {
    const play = new Play(seed);
    await play.reboot();
    try {
      for (let step = 0; step < 60; step++) await play.step();
      await play.finish();
      play.check();
    } catch (thrown) {
      throw new Error(`seed ${seed}`, { cause: thrown });
    }
    await play.h.end();
  }
});
