// The control plane's own log: one JSON object a line. Secrets never belong in it.
import type { Clock } from './clock.ts';

export type Level = 'debug' | 'info' | 'warn' | 'error';

/** Structured fields of a log line. */
export type Fields = Readonly<Record<string, unknown>>;

export interface Log {
  debug(message: string, fields?: Fields): void;
  info(message: string, fields?: Fields): void;
  warn(message: string, fields?: Fields): void;
  error(message: string, fields?: Fields): void;
  /** A log whose every line also carries `fields`. */
  with(fields: Fields): Log;
}

const ranks: Record<Level, number> = { debug: 0, info: 1, warn: 2, error: 3 };

/** A log that writes lines of at least `level` through `write` (one call a line, newline included). */
export function createLog(clock: Clock, level: Level, write: (line: string) => void, common: Fields = {}): Log {
  const at = (own: Level) => (message: string, fields?: Fields) => {
    if (ranks[own] < ranks[level]) return;
    const line = { time: clock.now().toISOString(), level: own, message, ...common, ...fields };
    write(`${JSON.stringify(line, plainErrors)}\n`);
  };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    with: (fields) => createLog(clock, level, write, { ...common, ...fields }),
  };
}

function plainErrors(_key: string, value: unknown): unknown {
  return value instanceof Error ? { name: value.name, message: value.message, stack: value.stack } : value;
}

/** A log that keeps nothing. */
export const silentLog: Log = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  with: () => silentLog,
};
