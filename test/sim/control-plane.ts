// A control plane that lives, is killed at any moment, and lives again over the same disk and the same engine.
import { createApp, type App, type Installation } from '#app.ts';
import { FakeScanner } from '#drivers/scanner-fake.ts';
import { FakeRuntime } from '#drivers/runtime-fake.ts';
import type { Runtime } from '#drivers/runtime.ts';
import { FakeUpstream } from '#drivers/upstream-registry-fake.ts';
import { silentLog, type Log } from '#kernel/log.ts';
import type { Random } from '#kernel/random.ts';
import { home } from './home.ts';
import { Life } from './life.ts';
import { MortalJournal } from './mortal-journal.ts';
import type { World } from './world.ts';

const installation: Installation = {
  home,
  root: { ...home, accessKeyId: 'AKIASIMULATION000000', secretAccessKey: 'simulation' },
  registryEndpoint: 'localhost:4566',
  vpcCidr: '172.31.0.0/16',
  installation: 'sim',
  pageTokenKey: Buffer.alloc(32, 1),
  registryTokenKey: Buffer.alloc(32, 2),
  accountKeysKey: Buffer.alloc(32, 3),
};

/** What changes an engine. */
const changing = [
  'pull',
  'makeImage',
  'ensureNetwork',
  'removeNetwork',
  'create',
  'start',
  'stop',
  'kill',
  'remove',
] as const;

/** A moment at which to die: an engine has done what it was asked, or a disk has it, and nobody heard of it yet. */
export type Moment = (typeof changing)[number] | 'commit';

/** How a kill goes. */
export interface Kill {
  /** Milliseconds until the next life. */
  readonly downMs: number;
  /** Whether the commit under way has landed all the same. */
  readonly landed: boolean;
}

export class ControlPlane {
  readonly #world: World;
  readonly #random: Random;
  readonly #log: Log;
  #life: Life | undefined;
  #runtime: FakeRuntime | undefined;
  #journal: MortalJournal | undefined;
  /** Appends of logs fail with this. */
  #journalFailure: Error | undefined;
  #app: App | undefined;
  #armed: (Kill & { readonly at: Moment }) | undefined;
  #ending = false;
  /** Calls that changed, or could have changed, something on the engine. */
  changes = 0;
  lives = 0;

  constructor(world: World, log: Log = silentLog) {
    this.#world = world;
    this.#random = world.dice.fork().random;
    this.#log = log;
  }

  /** The app and its life, while it takes requests. */
  get open(): { readonly app: App; readonly life: Life } | undefined {
    return this.#app && { app: this.#app, life: this.#life! };
  }

  /** Begins a life, unless there is one. */
  start(): void {
    if (this.#life !== undefined) return;
    const { history, clock, disk, ledger, blobs, journal, engine, plants } = this.#world;
    const life = new Life();
    this.#life = life;
    this.#runtime = new FakeRuntime(engine);
    this.#journal = new MortalJournal({
      journal,
      clock,
      dice: this.#world.dice.fork(),
      delay: () => disk.delay(),
      failure: () => this.#journalFailure,
    });
    this.lives += 1;
    this.#world.invariants.begins(this.lives);
    history.note('control plane', `starts (life ${this.lives})`);
    const database = plants.database?.(disk.open()) ?? disk.open();
    const runtime = plants.runtime?.(this.#runtime, engine) ?? this.#runtime;
    const mortalClock = life.clock(clock);
    void createApp(installation, {
      clock: mortalClock,
      turn: () => mortalClock.sleep(0),
      random: this.#random,
      log: this.#log,
      database: life.outside(this.#dyingAtCommit(ledger.watch(database))),
      runtime: this.#watched(runtime, life),
      architecture: 'X86_64',
      scanner: new FakeScanner(),
      blobs,
      upstream: new FakeUpstream(),
      journal: life.outside(this.#journal),
      recordAccess: () => undefined,
      onFatal: (error) => this.#failStop(life, error),
    }).then(
      (app) => {
        if (life.dead) return;
        history.note('control plane', 'is ready');
        this.#app = app;
      },
      (thrown: unknown) => {
        if (!life.dead) history.violated(`the control plane cannot start: ${String(thrown)}`);
      },
    );
  }

  /** As kill -9, and a supervisor that starts it again. */
  kill({ downMs, landed }: Kill, why = 'is killed'): void {
    if (this.#life === undefined) return;
    this.#world.history.note('control plane', `${why}; back in ${downMs} ms`);
    this.#world.disk.crash(landed);
    this.#bury();
    void this.#world.clock.sleep(downMs).then(() => this.start());
  }

  /** Kills it for good. */
  end(): void {
    this.#world.disk.crash();
    this.#bury();
  }

  /** Kills it the next time that it comes to such a moment. */
  killAt(at: Moment, how: Kill): void {
    this.#armed = { at, ...how };
  }

  /** Logs cannot be appended to, or can again. */
  failJournal(error: Error | undefined): void {
    this.#journalFailure = error;
  }

  /** Nothing that was prepared goes wrong any more. */
  disarm(): void {
    this.#armed = undefined;
    this.#journalFailure = undefined;
  }

  /** As SIGTERM: it ends what it is at, and is started again. */
  async restart(downMs: number): Promise<void> {
    const { history, clock } = this.#world;
    const [app, life] = [this.#app, this.#life];
    if (app === undefined || life === undefined || this.#ending) return;
    history.note('control plane', 'is asked to end');
    this.#ending = true;
    this.#app = undefined;
    await Promise.race([app.close().catch((thrown: unknown) => this.#complain(life, thrown)), life.death]);
    this.#ending = false;
    if (life.dead) return;
    history.note('control plane', `has ended; back in ${downMs} ms`);
    this.#bury();
    await clock.sleep(downMs);
    this.start();
  }

  #bury(): void {
    this.#runtime?.disconnect();
    void this.#journal?.die();
    this.#life?.end();
    this.#life = undefined;
    this.#app = undefined;
  }

  #complain(life: Life, thrown: unknown): void {
    if (!life.dead) this.#world.history.violated(`the control plane cannot end: ${String(thrown)}`);
  }

  #failStop(life: Life, error: Error): void {
    if (!life.dead) this.kill({ downMs: 500, landed: false }, `stops at once (${String(error.cause)})`);
  }

  #came(moment: Moment): void {
    if (this.#armed?.at !== moment) return;
    const how = this.#armed;
    this.#armed = undefined;
    this.kill(how, `is killed right after ${moment}`);
  }

  #dyingAtCommit(database: ReturnType<World['ledger']['watch']>): ReturnType<World['ledger']['watch']> {
    return {
      load: () => database.load(),
      commit: async (batch, sequence) => {
        await database.commit(batch, sequence);
        this.#came('commit');
      },
      close: () => database.close(),
    };
  }

  #watched(runtime: Runtime, life: Life): Runtime {
    const { invariants } = this.#world;
    return new Proxy(runtime, {
      get: (object, name) => {
        const member: unknown = Reflect.get(object, name);
        if (typeof member !== 'function') return member;
        const call = changing.find((each) => each === name);
        if (call === undefined) return member.bind(object) as unknown;
        return async (...parameters: unknown[]) => {
          this.changes += 1;
          if (call === 'create') invariants.creating((parameters as Parameters<Runtime['create']>)[0]);
          return life.wait(async () => {
            const result: unknown = await Reflect.apply(member, object, parameters);
            this.#came(call);
            return result;
          });
        };
      },
    });
  }
}
