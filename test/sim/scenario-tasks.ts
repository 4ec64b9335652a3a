// The scenario of tasks: they are run and stopped while containers crash, engine and disk fail and control planes die.
import type { Log } from '#kernel/log.ts';
import { Client } from './client.ts';
import { ControlPlane } from './control-plane.ts';
import { Violation } from './history.ts';
import { planDays, type Deed, type Event } from './plan-days.ts';
import { checkCauses, checkLogs, checkOutcomes, unrest } from './quiet.ts';
import { publishImages, sharedGroup, wares } from './wares.ts';
import { createWorld, type Plants, type World } from './world.ts';

export interface Options {
  readonly plants?: Plants;
  /** What happens instead of what the seed plans. */
  readonly events?: readonly Event[];
  /** Where the control planes' own logs go. */
  readonly log?: (world: World) => Log;
}

/** How a world went. */
export interface Outcome {
  readonly seed: number;
  /** What did not hold, if anything. */
  readonly failure?: string;
  readonly history: readonly string[];
}

/** Lives through one world. */
export async function simulateTasks(seed: number, options: Options = {}): Promise<Outcome> {
  const world = createWorld(seed, options.plants);
  const scenario = new Scenario(world, options);
  const complain = (thrown: unknown) => world.history.violated(`an unhandled rejection: ${String(thrown)}`);
  process.on('unhandledRejection', complain);
  try {
    await scenario.live();
    await world.clock.settle();
    world.history.check();
    return { seed, history: world.history.lines() };
  } catch (thrown) {
    const failure = thrown instanceof Violation ? thrown.message : String((thrown as Error).stack ?? thrown);
    return { seed, failure, history: world.history.lines() };
  } finally {
    scenario.end();
    process.off('unhandledRejection', complain);
  }
}

/** Longer than any retry, resync and stop takes together. */
const patienceMs = 240_000;
/** Longer than every loop's resync. */
const resyncedMs = 301_000;
const aDayMs = 86_400_000;

function disturbsPulls({ deed }: Event): boolean {
  return deed.do === 'lose answers' && (deed.call ?? 'pull') === 'pull';
}

class Scenario {
  readonly #world: World;
  readonly #plane: ControlPlane;
  readonly #client: Client;
  readonly #events: readonly Event[];
  #watching = true;
  #isAtRest = false;
  #isGroupWhole = true;

  constructor(world: World, { events, log }: Options) {
    this.#world = world;
    this.#plane = new ControlPlane(world, log?.(world));
    this.#client = new Client(world, this.#plane);
    this.#events = events ?? planDays(world.dice.fork());
  }

  async live(): Promise<void> {
    const { clock } = this.#world;
    publishImages(this.#world.engine);
    this.#plane.start();
    await this.#done(this.#client.moveIn(Object.keys(wares), sharedGroup));
    void this.#watch();
    const began = clock.now().getTime();
    for (const { at, deed } of this.#events) {
      await clock.advance(Math.max(0, began + at - clock.now().getTime()));
      this.#perform(deed);
      this.#world.history.check();
    }
    await this.#comeToRest();
    await this.#checkNothingToDo();
    await this.#stopAll();
    if (this.#world.seed % 20 === 0) await this.#checkForgetting();
  }

  end(): void {
    this.#watching = false;
    this.#plane.end();
  }

  /** Everything is mended, and in time nothing is left to do. */
  async #comeToRest(): Promise<void> {
    const { clock, engine, disk, history } = this.#world;
    history.note('world', 'everything is mended');
    engine.heal();
    disk.delay = () => 0;
    this.#plane.disarm();
    const deadline = clock.now().getTime() + patienceMs;
    for (let quiet = 0; quiet < 15;) {
      await clock.advance(2_000);
      history.check();
      const open = this.#plane.open === undefined || !this.#client.idle ? ['requests are open'] : [];
      const left = [...open, ...unrest(this.#world)];
      quiet = left.length === 0 ? quiet + 1 : 0;
      if (left.length > 0 && clock.now().getTime() > deadline) throw new Violation(`no rest: ${left.join('; ')}`);
    }
    await this.#check();
  }

  async #check(): Promise<void> {
    await this.#done(this.#client.look());
    checkOutcomes(this.#world, this.#client);
    checkCauses(this.#world, { isGroupWhole: this.#isGroupWhole, arePullsSafe: !this.#events.some(disturbsPulls) });
    await this.#done(checkLogs(this.#world, this.#client, this.#isGroupWhole));
    this.#world.history.check();
  }

  /** Resyncs, and even another life, find nothing to do. */
  async #checkNothingToDo(): Promise<void> {
    const { clock, history, ledger } = this.#world;
    this.#isAtRest = true;
    const before = { changes: this.#plane.changes, landings: ledger.landings };
    await clock.advance(resyncedMs);
    if (ledger.landings !== before.landings) history.violated('a resync wrote something though nothing had changed');
    const versions = this.#versions();
    this.#plane.kill({ downMs: 0, landed: true }, 'is killed at rest');
    await clock.advance(90_000);
    if (this.#plane.changes !== before.changes) history.violated('the engine was changed though nothing had changed');
    if (this.#versions() !== versions) history.violated('a new life wrote tasks though nothing had changed');
    this.#isAtRest = false;
    await this.#check();
  }

  #versions(): string {
    return this.#world.invariants.tasks.map(({ spec, status }) => `${spec.id} ${status.version}`).join();
  }

  async #stopAll(): Promise<void> {
    const { engine, invariants, history, seed } = this.#world;
    history.note('world', 'everything is to stop');
    const app = this.#plane.open!.app;
    if (seed % 3 === 0) await this.#done(app.stopAllTasks());
    else for (const task of this.#client.tasks) void this.#client.stopTask(task);
    await this.#world.clock.advance(1);
    // Tasks that no client was told of stop with the rest.
    void app.stopAllTasks();
    await this.#comeToRest();
    if (engine.containers.size > 0) history.violated('containers are left when everything has stopped');
    if (engine.volumes.size > 0) history.violated('volumes are left when everything has stopped');
    if (invariants.interfaces.length > 0) history.violated('interfaces are left when everything has stopped');
    history.check();
  }

  /** A stopped task can be described for a day. */
  async #checkForgetting(): Promise<void> {
    const { clock, invariants, history } = this.#world;
    this.#watching = false;
    await clock.advance(aDayMs + 60_000);
    if (invariants.tasks.length > 0) history.violated('stopped tasks are not forgotten');
    history.check();
  }

  /** Moves time until work is done. */
  async #done(work: Promise<unknown>): Promise<void> {
    let isDone = false;
    let failure: unknown;
    const settled = work.then(
      () => (isDone = true),
      (thrown: unknown) => {
        isDone = true;
        failure = thrown;
      },
    );
    const deadline = this.#world.clock.now().getTime() + patienceMs;
    const isTooLate = () => this.#world.clock.now().getTime() >= deadline;
    await this.#world.clock.advanceUntil(() => isDone || isTooLate(), patienceMs + 600_000);
    if (!isDone) throw new Violation(`a request has no answer after ${patienceMs} ms`);
    await settled;
    if (failure !== undefined) throw failure;
  }

  async #watch(): Promise<void> {
    const { clock } = this.#world;
    const dice = this.#world.dice.fork();
    while (this.#watching) {
      await clock.sleep(this.#isAtRest ? 20_000 : dice.between(150, 2_500));
      await this.#client.look(dice.oneIn(5) ? 'all' : 'live');
    }
  }

  #perform(deed: Deed): void {
    const { history, engine, disk, invariants } = this.#world;
    if (deed.do !== 'run' && deed.do !== 'stop') history.note('world', JSON.stringify(deed));
    switch (deed.do) {
      case 'run':
        return this.#client.order(deed.order, deed.family, deed.count, deed.insists);
      case 'stop':
        return void this.#client.stop(deed.order);
      case 'deregister':
        return void this.#client.insist('ecs', 'DeregisterTaskDefinition', { taskDefinition: `${deed.family}:1` });
      case 'crash':
      case 'out of memory':
      case 'remove by hand':
        return this.#strike(deed);
      case 'outage':
        if (deed.containers === 'end') for (const each of engine.containers.values()) invariants.strikes(each);
        engine.outage(deed.containers);
        return this.#healIn(deed.forMs);
      case 'slow engine':
        engine.inject({ slowMs: deed.slowMs });
        return this.#healIn(deed.forMs);
      case 'lose answers':
        return engine.inject({ ...deed, fails: { reason: 'unavailable', message: 'socket hang up' } });
      case 'slow disk':
        return this.#slowDisk(deed.slowMs, deed.forMs);
      case 'fail disk':
        return disk.failNext(new Error('the disk is full'));
      case 'fail journal':
        this.#plane.failJournal(new Error('the disk is full'));
        return void this.#world.clock.sleep(deed.forMs).then(() => this.#plane.failJournal(undefined));
      case 'kill':
        return this.#plane.kill(deed);
      case 'kill at':
        return this.#plane.killAt(deed.at, deed);
      case 'restart':
        return void this.#plane.restart(deed.downMs);
      case 'delete group':
        this.#isGroupWhole = false;
        return void this.#client.insist('logs', 'DeleteLogGroup', { logGroupName: sharedGroup });
    }
  }

  #strike(deed: Extract<Deed, { readonly victim: number }>): void {
    const { engine, invariants, history } = this.#world;
    const isThere = ({ spec: { labels } }: { spec: { labels: Readonly<Record<string, string>> } }) =>
      deed.pauseToo || labels['berth.role'] !== 'pause';
    const candidates = [...engine.containers.values()].filter(
      (each) => isThere(each) && (deed.do === 'remove by hand' || each.running),
    );
    const victim = candidates[deed.victim % Math.max(1, candidates.length)];
    if (victim === undefined) return;
    history.note('world', `${deed.do}: ${victim.spec.name}`);
    invariants.strikes(victim);
    if (deed.do === 'crash') engine.crash(victim.id, 139);
    else if (deed.do === 'out of memory') engine.runOutOfMemory(victim.id);
    else {
      invariants.removedByHand.add(victim.id);
      engine.remove(victim.id);
    }
  }

  #slowDisk(slowMs: number, forMs: number): void {
    const { disk, clock } = this.#world;
    const delay = () => slowMs;
    disk.delay = delay;
    void clock.sleep(forMs).then(() => {
      if (disk.delay === delay) disk.delay = () => 0;
    });
  }

  #healIn(ms: number): void {
    void this.#world.clock.sleep(ms).then(() => this.#world.engine.heal());
  }
}
