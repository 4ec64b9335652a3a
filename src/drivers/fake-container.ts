// One container of the fake engine: its phase, its output, and the run of its program on the engine's clock.
import type { Clock } from '#kernel/clock.ts';
import type { FakeProgram } from './fake-image.ts';
import { FakeHealth } from './fake-health.ts';
import type { Container, ContainerEvent, ContainerPhase, ContainerSpec, LogLine } from './runtime.ts';

/** The longest line that comes in one piece, as on the real engine's stream (there it is bytes). */
const longestLine = 262_144;

/** What a container tells its engine. */
export interface FakeContainerHost {
  readonly clock: Clock;
  /** RFC 3339 with nanoseconds, later than every one before. */
  timestamp(): string;
  happened(container: FakeContainer, action: ContainerEvent['action']): void;
}

export class FakeContainer {
  readonly id: string;
  readonly spec: ContainerSpec;
  readonly imageId: string;
  readonly createdAt: Date;
  /** Everything that it wrote. */
  readonly lines: LogLine[] = [];
  /** Phases it went through, with their times. */
  readonly history: { readonly at: Date; readonly phase: ContainerPhase }[] = [];
  readonly #host: FakeContainerHost;
  readonly #followers = new Set<() => void>();
  #phase: ContainerPhase = 'created';
  #startedAt: Date | undefined;
  #finishedAt: Date | undefined;
  #exitCode: number | undefined;
  #error: string | undefined;
  #outOfMemory = false;
  #health: FakeHealth | undefined;
  #program: FakeProgram = {};
  /** Aborts when the run that is under way ends. */
  #run = new AbortController();

  constructor(host: FakeContainerHost, id: string, spec: ContainerSpec, imageId: string) {
    this.#host = host;
    this.id = id;
    this.spec = spec;
    this.imageId = imageId;
    this.createdAt = host.clock.now();
    this.#enter('created');
  }

  get phase(): ContainerPhase {
    return this.#phase;
  }

  get running(): boolean {
    return this.#phase === 'running' || this.#phase === 'paused';
  }

  get stopSignal(): string {
    return this.spec.stopSignal ?? 'SIGTERM';
  }

  /** Bytes in use while it runs. */
  get memoryBytes(): number {
    return this.#program.memoryBytes ?? 1 << 20;
  }

  /** What `inspect` gives. */
  describe(): Container {
    return {
      id: this.id,
      name: this.spec.name,
      labels: this.spec.labels,
      phase: this.#phase,
      imageId: this.imageId,
      createdAt: this.createdAt,
      startedAt: this.#startedAt,
      finishedAt: this.running ? undefined : this.#finishedAt,
      exitCode: this.running ? undefined : this.#exitCode,
      outOfMemory: this.#outOfMemory,
      error: this.#error,
      health: this.#phase === 'running' ? this.#health?.state : undefined,
    };
  }

  /** Starts the program. */
  start(program: FakeProgram): void {
    this.#program = program;
    this.#run = new AbortController();
    this.#error = undefined;
    this.#outOfMemory = false;
    this.#startedAt = this.#host.clock.now();
    this.#enter('running');
    this.#host.happened(this, 'start');
    void this.#perform(program, this.#run.signal);
    this.#watchHealth();
  }

  /** Checking begins anew with each run. */
  #watchHealth(): void {
    const { healthCheck } = this.spec;
    if (healthCheck === undefined || healthCheck === 'none') return;
    this.#health?.stop();
    this.#health = new FakeHealth(healthCheck, this.#program, this.#host.clock, () =>
      this.#host.happened(this, 'health'),
    );
  }

  /** Notes why it could not be started. */
  failToStart(error: string): void {
    this.#error = error;
    this.#exitCode = 127;
  }

  /** Sends a signal: SIGKILL ends it, its stop signal as the program has it, others do nothing to a process 1. */
  async signal(name: string): Promise<void> {
    if (!this.running) return;
    if (name === 'SIGKILL') return this.end(137);
    if (name !== this.stopSignal || this.#program.ignoresTerm) return;
    const run = this.#run.signal;
    await this.#host.clock.sleep(this.#program.stopsInMs ?? 0, run);
    if (!run.aborted) this.end(this.#program.termExitCode ?? 143);
  }

  /** Resolves once it does not run, or after `ms`. */
  async ended(ms: number): Promise<void> {
    if (this.running) await this.#host.clock.sleep(ms, this.#run.signal);
  }

  /** Ends the run with a code, whatever the program wanted. */
  end(exitCode: number, outOfMemory = false): void {
    if (!this.running) return;
    this.#exitCode = exitCode;
    this.#outOfMemory = outOfMemory;
    this.#finishedAt = this.#host.clock.now();
    this.#enter('exited');
    if (outOfMemory) this.#host.happened(this, 'oom');
    this.#host.happened(this, 'die');
    this.#run.abort();
    this.#health?.stop();
    this.#tellFollowers();
  }

  /** Freezes it or lets it go on. Its program's clock does not stand still; it cannot end meanwhile by itself. */
  pause(paused: boolean): void {
    if (!this.running || paused === (this.#phase === 'paused')) return;
    this.#enter(paused ? 'paused' : 'running');
    this.#host.happened(this, paused ? 'pause' : 'unpause');
    if (paused) this.#health?.stop();
    else this.#health?.resume();
    this.#tellFollowers();
  }

  /** Calls `tell` whenever there is more output or it ended; gives what stops that. */
  follow(tell: () => void): () => void {
    this.#followers.add(tell);
    return () => this.#followers.delete(tell);
  }

  #tellFollowers(): void {
    for (const tell of this.#followers) tell();
  }

  #enter(phase: ContainerPhase): void {
    this.#phase = phase;
    this.history.push({ at: this.#host.clock.now(), phase });
  }

  async #perform(program: FakeProgram, run: AbortSignal): Promise<void> {
    const begun = this.#host.clock.now().getTime();
    for (const { afterMs = 0, stream = 'stdout', text } of program.output ?? []) {
      await this.#until(begun + afterMs, run);
      if (run.aborted) return;
      this.#write(stream, text);
    }
    const limit = this.spec.memoryBytes;
    if (limit !== undefined && this.memoryBytes > limit) return this.end(137, true);
    if (program.runsForMs === undefined) return;
    await this.#until(begun + program.runsForMs, run);
    if (!run.aborted) this.end(program.exitCode ?? 0);
  }

  /** Waits until an instant is there and the container is not paused, or until the run ends. */
  async #until(instant: number, run: AbortSignal): Promise<void> {
    const ms = instant - this.#host.clock.now().getTime();
    if (ms > 0) await this.#host.clock.sleep(ms, run);
    while (this.#phase === 'paused' && !run.aborted) await this.#unpaused();
  }

  #unpaused(): Promise<void> {
    return new Promise((resolve) => {
      const stop = this.follow(() => {
        stop();
        resolve();
      });
    });
  }

  #write(stream: LogLine['stream'], text: string): void {
    const timestamp = this.#host.timestamp();
    for (let begin = 0; begin === 0 || begin < text.length; begin += longestLine) {
      this.lines.push({ stream, timestamp, text: text.slice(begin, begin + longestLine) });
    }
    this.#tellFollowers();
  }
}
