// What neighbours may ask of logs: a container's output, kept as the events of a stream.
import type { Scope } from '#kernel/arn.ts';

/** Where a container's output goes. */
export interface LogDestination extends Scope {
  readonly logGroupName: string;
  readonly logStreamName: string;
  /** Make the group where it is missing (awslogs-create-group); otherwise its absence is an error. */
  readonly createGroup: boolean;
}

/** A line of a container's output with its place in it, so that shipping can go on after a restart without loss or repetition. */
export interface ContainerLine {
  /** RFC 3339 with nanoseconds; never decreases within a container. */
  readonly timestamp: string;
  readonly text: string;
}

/** The last line kept: its timestamp and how many lines with this very timestamp were kept. */
export interface ContainerPosition {
  readonly timestamp: string;
  readonly count: number;
}

export interface ContainerLogs {
  /**
   * Makes the stream (and the group, where asked). Throws AwsError ResourceNotFoundException where the group is missing,
   * InvalidParameterException where region, group or stream cannot be so called.
   */
  open(destination: LogDestination): Promise<ContainerPosition | undefined>;
  /** Appends lines in order; durable when it resolves. */
  append(destination: LogDestination, lines: readonly ContainerLine[]): Promise<void>;
}
