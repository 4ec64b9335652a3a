// Follows a container's output to its very end, although the engine's own following may stop short of it.
import { RuntimeError } from '#drivers/runtime.ts';
import type { LogLine } from '#drivers/runtime.ts';
import type { Inspection } from './container-json.ts';
import type { Engine } from './engine.ts';
import { logLines } from './log-stream.ts';
import { SeenLines } from './seen-lines.ts';

/** A container's output as the engine has it. */
export interface LogSource {
  readonly engine: Engine;
  readonly id: string;
  /** The container as it is now; undefined where it is gone. */
  inspect(): Promise<Inspection | undefined>;
}

/**
 * See `Runtime.logs`.
 *
 * dockerd's follow ends when the container does, wherever it happens to be: 20.10 lost 77 % of 100,000 lines that a
 * program wrote in 50 ms. So the end is read again without following, which is complete, and what was given already is
 * left out.
 */
export async function* followLogs(
  source: LogSource,
  after: string | undefined,
  signal: AbortSignal,
): AsyncGenerator<LogLine, void, undefined> {
  let container = await source.inspect();
  if (container === undefined) throw new RuntimeError('not-found', `No such container: ${source.id}`);
  const seen = new SeenLines();
  const path = `/containers/${container.Id}/logs`;
  const tty = container.Config.Tty;
  const read = async function* (follow: boolean): AsyncGenerator<LogLine, void, undefined> {
    // A second reading begins a little before what was seen last, which may be before what was asked for.
    const position = seen.position;
    const since = position !== undefined && position > (after ?? '') ? position : after;
    const query = { follow, stdout: true, stderr: true, timestamps: true, since: since && sinceOf(since) };
    const bytes = source.engine.stream({ method: 'GET', path, query, signal });
    for await (const line of logLines(bytes, tty)) if (seen.add(line)) yield line;
    seen.again();
  };
  do {
    yield* read(true);
    if (signal.aborted) return;
    container = await source.inspect();
    if (container === undefined) return;
    yield* read(false);
    // It may have ended only for the engine's follow, or run again.
  } while (container.State.Running && !signal.aborted);
}

/** A log line's timestamp (RFC 3339, up to nine digits of fraction) as the engine takes it, to the nanosecond. */
export function sinceOf(timestamp: string): string {
  const fraction = /\.(\d{1,9})/.exec(timestamp)?.[1] ?? '';
  const whole = Date.parse(timestamp.replace(/\.\d+/, ''));
  if (Number.isNaN(whole)) throw new RuntimeError('invalid', `Not a timestamp: ${timestamp}`);
  return `${whole / 1000}.${fraction.padEnd(9, '0')}`;
}
