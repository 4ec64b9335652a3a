// What logs keeps of groups and streams. Their events are in journals, under the streams' ids.
import { scopedKey, type Scope } from '#kernel/arn.ts';
import type { Kind } from '#kernel/store.ts';

/** Written by the handlers. */
export interface LogGroupSpec extends Scope {
  readonly logGroupName: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly tags: Readonly<Record<string, string>>;
}

/** Written by the handlers and by container-logs.ts. */
export interface LogStreamSpec extends Scope {
  readonly logGroupName: string;
  readonly logStreamName: string;
  readonly createdAt: number;
  /** The journal that holds its events: a new one for each stream, so that a stream made again is empty. */
  readonly journal: string;
}

type Plain = Readonly<Record<string, never>>;
export const nothingObserved: Plain = {};

export const logGroupKind: Kind<LogGroupSpec, Plain> = { name: 'logs/group', version: 1 };

export const logStreamKind: Kind<LogStreamSpec, Plain> = {
  name: 'logs/stream',
  version: 1,
  indexes: { group: (stream) => groupKey(stream.spec, stream.spec.logGroupName) },
};

/** The kinds of this service. */
export const logsKinds = [logGroupKind, logStreamKind];

export function groupKey(scope: Scope, logGroupName: string): string {
  return scopedKey(scope, encodeURIComponent(logGroupName));
}

export function streamKey(scope: Scope, logGroupName: string, logStreamName: string): string {
  return scopedKey(scope, encodeURIComponent(logGroupName), encodeURIComponent(logStreamName));
}
