// Ships one container's output to the log sink: at once while it trickles, in batches while it pours, without loss or
// repetition over restarts of the node.
import type { Clock } from '#kernel/clock.ts';
import { AwsError, messageOf } from '#kernel/error.ts';
import type { Log } from '#kernel/log.ts';
import type { Random } from '#kernel/random.ts';
import { RuntimeError } from '#drivers/runtime.ts';
import type { LogLine, Runtime } from '#drivers/runtime.ts';
import { backoffMs } from './backoff.ts';
import type { LogSink, LogSinkDestination, LogSinkLine, LogSinkPosition } from './log-sink.ts';

export interface ShipperOptions {
  readonly runtime: Runtime;
  readonly logSink: LogSink;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** PutLogEvents takes 10,000 events and 1 MiB a call; half of it leaves room for what the sink adds to each. */
const batchLines = 5_000;
const batchBytes = 512 * 1024;
/** How long the sink may fail after a container's end before what is left of its output is given up. */
const patienceAfterEndMs = 10 * 60_000;

/** How the shipping of a container's output ended: all of it, or not. */
export type Shipped = 'complete' | 'lost';

/**
 * Follows `containerId` (by id or name) from where the sink stands until it ended and all was appended. Never throws:
 * what the sink or the engine refuses is tried again with backoff, and said in the log.
 */
export async function shipLogs(
  options: ShipperOptions,
  containerId: string,
  destination: LogSinkDestination,
  signal: AbortSignal,
): Promise<Shipped> {
  const { clock, random, log } = options;
  const stream = { logGroup: destination.logGroupName, logStream: destination.logStreamName };
  let endedSince: Date | undefined;
  for (let failures = 0; !signal.aborted;) {
    try {
      const position = await options.logSink.open(destination);
      const session = new Session(options, containerId, destination, signal);
      await session.follow(position, () => (failures = 0));
      if (await hasEnded(options.runtime, containerId)) return signal.aborted ? 'lost' : 'complete';
    } catch (thrown) {
      if (signal.aborted) break;
      if (isFinal(thrown)) {
        log.error('container output is lost', { ...stream, why: messageOf(thrown) });
        return 'lost';
      }
      if (endedSince === undefined && (await endedOrUnknown(options.runtime, containerId))) endedSince = clock.now();
      if (endedSince !== undefined && clock.now().getTime() - endedSince.getTime() > patienceAfterEndMs) {
        log.error('gave up shipping the rest of a container output', { ...stream, why: messageOf(thrown) });
        return 'lost';
      }
      log.warn('shipping container output failed, trying again', { ...stream, why: messageOf(thrown) });
    }
    failures++;
    await clock.sleep(backoffMs(failures, random), signal);
  }
  return 'lost';
}

/** The container or the log group is no more: there is nothing to read from or to write to. */
function isFinal(thrown: unknown): boolean {
  if (thrown instanceof RuntimeError) return thrown.reason === 'not-found';
  return thrown instanceof AwsError && thrown.code === 'ResourceNotFoundException';
}

async function hasEnded(runtime: Runtime, containerId: string): Promise<boolean> {
  const container = await runtime.inspect(containerId);
  return container === undefined || (container.phase !== 'running' && container.phase !== 'paused');
}

async function endedOrUnknown(runtime: Runtime, containerId: string): Promise<boolean> {
  try {
    return await hasEnded(runtime, containerId);
  } catch {
    // The engine is away, which the next round of the loop above meets and reports.
    return false;
  }
}

/** One reading from a known position; any failure ends it, and the sink is asked anew how far it got. */
class Session {
  readonly #options: ShipperOptions;
  readonly #containerId: string;
  readonly #destination: LogSinkDestination;
  readonly #reading: AbortController = new AbortController();
  readonly #signal: AbortSignal;
  #batch: LogSinkLine[] = [];
  #bytes = 0;
  #writing: Promise<void> | undefined;
  #failure: { readonly thrown: unknown } | undefined;

  constructor(options: ShipperOptions, containerId: string, destination: LogSinkDestination, signal: AbortSignal) {
    this.#options = options;
    this.#containerId = containerId;
    this.#destination = destination;
    this.#signal = AbortSignal.any([signal, this.#reading.signal]);
  }

  async follow(position: LogSinkPosition | undefined, onProgress: () => void): Promise<void> {
    let known = position?.count ?? 0;
    try {
      for await (const line of this.#options.runtime.logs(this.#containerId, position?.timestamp, this.#signal)) {
        if (this.#failure !== undefined) break;
        // As Docker's awslogs driver does: CloudWatch keeps no empty events.
        if (line.text === '') continue;
        if (known > 0 && line.timestamp === position?.timestamp) {
          known--;
          continue;
        }
        this.#add(line, onProgress);
        // Backpressure: while the sink is behind, the engine is not read further.
        while (this.#isFull() && this.#writing !== undefined) await this.#writing;
      }
    } finally {
      await this.#writing;
    }
    if (this.#failure !== undefined) throw this.#failure.thrown;
  }

  #add(line: LogLine, onProgress: () => void): void {
    this.#batch.push({ timestamp: line.timestamp, text: line.text });
    this.#bytes += line.text.length;
    this.#writing ??= this.#write(onProgress);
  }

  #isFull(): boolean {
    return this.#failure === undefined && (this.#batch.length >= batchLines || this.#bytes >= batchBytes);
  }

  /** Appends batch after batch until there is none; a failure ends the reading. */
  async #write(onProgress: () => void): Promise<void> {
    try {
      while (this.#batch.length > 0) {
        const batch = this.#batch;
        this.#batch = [];
        this.#bytes = 0;
        await this.#options.logSink.append(this.#destination, batch);
        onProgress();
      }
    } catch (thrown) {
      this.#failure = { thrown };
      this.#reading.abort();
    } finally {
      this.#writing = undefined;
    }
  }
}
