// Where containers' output goes: what the node asks of whoever keeps it. The same shape as services/logs/ports.ts.
import type { Scope } from '#kernel/arn.ts';

/** A stream of a log group. */
export interface LogSinkDestination extends Scope {
  readonly logGroupName: string;
  readonly logStreamName: string;
  /** Make the group where it is missing (awslogs-create-group). */
  readonly createGroup: boolean;
}

/** A line with its place in the container's output. */
export interface LogSinkLine {
  /** RFC 3339 with nanoseconds; never decreases within a container. */
  readonly timestamp: string;
  readonly text: string;
}

/** The last line kept: its timestamp and how many lines with this very timestamp were kept. */
export interface LogSinkPosition {
  readonly timestamp: string;
  readonly count: number;
}

export interface LogSink {
  /** Makes the stream and says how far it was written. Throws AwsError ResourceNotFoundException without the group. */
  open(destination: LogSinkDestination): Promise<LogSinkPosition | undefined>;
  /** Appends lines in order; durable when it resolves. */
  append(destination: LogSinkDestination, lines: readonly LogSinkLine[]): Promise<void>;
}
