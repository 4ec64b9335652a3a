// What containers of a fake image do: programs as data, for runtime-fake.ts.
import type { Random } from '#kernel/random.ts';
import type { ContainerSpec, LogLine, RuntimeErrorReason } from './runtime.ts';

/** What a container does from its start on. */
export interface FakeProgram {
  /** Ends by itself after so many milliseconds; runs until it is stopped when absent. */
  readonly runsForMs?: number;
  /** With which code it ends by itself; 0 when absent. */
  readonly exitCode?: number;
  /** What it writes, in order. */
  readonly output?: Iterable<FakeOutput>;
  /** The engine's words when it cannot be started; it then counts as ended with 127. */
  readonly failsToStart?: string;
  /** Whether it takes no notice of its stop signal. */
  readonly ignoresTerm?: boolean;
  /** How long it needs to end after its stop signal; 0 when absent. */
  readonly stopsInMs?: number;
  /** With which code it ends on its stop signal; 143 when absent. */
  readonly termExitCode?: number;
  /** Bytes it takes once its output is written: more than its limit, and it is killed for it. 1 MiB when absent. */
  readonly memoryBytes?: number;
  /** How its health checks end, one after the other (the last for good): by passing, or not. All pass when absent. */
  readonly checks?: readonly boolean[];
}

export interface FakeOutput {
  /** Milliseconds after the start (0 when absent); never decreasing. */
  readonly afterMs?: number;
  /** `stdout` when absent. */
  readonly stream?: LogLine['stream'];
  readonly text: string;
}

/** An image as a registry has it. */
export interface FakeImage {
  /** The program, or what chooses it for each run. */
  readonly program: FakeProgram | ((spec: ContainerSpec, random: Random) => FakeProgram);
  /** Bytes; 1 MiB when absent. */
  readonly size?: number;
  /** How long a pull takes; 0 when absent. */
  readonly pullMs?: number;
  /** Why it cannot be pulled. */
  readonly pullFails?: { readonly reason: RuntimeErrorReason; readonly message: string };
}

/** The program that one run of a container performs. */
export function programOf(image: FakeImage, spec: ContainerSpec, random: Random): FakeProgram {
  return typeof image.program === 'function' ? image.program(spec, random) : image.program;
}
