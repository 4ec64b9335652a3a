// What a client asked for and was told.
import type { In, Out } from '#aws/service.ts';

/** A task as it is described. */
export type Task = NonNullable<Out<'ecs', 'DescribeTasks'>['tasks']>[number];

/** A wish for tasks, and what came of it. */
export interface Order {
  readonly name: string;
  readonly family: string;
  readonly count: number;
  readonly input: In<'ecs', 'RunTask'>;
  outcome: 'open' | 'acknowledged' | 'refused' | 'unknown';
  readonly tasks: Ordered[];
}

/** A task that a client was told of. */
export interface Ordered {
  readonly arn: string;
  readonly order: Order;
  /** As it was last described. */
  seen: Task;
  /** After how many replies that was. */
  seenAt: number;
  /** The answer to the first StopTask that was acknowledged. */
  stopped?: Task;
}
