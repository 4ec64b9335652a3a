// Runs one task: observes, plans, acts and reports until nothing of it is left on the engine.
import type { Clock } from '#kernel/clock.ts';
import type { Log } from '#kernel/log.ts';
import type { Random } from '#kernel/random.ts';
import type { Container } from '#drivers/runtime.ts';
import { backoffMs } from './backoff.ts';
import { logDestinationOf } from './log-destination.ts';
import { shipLogs } from './log-shipper.ts';
import type { ControlPlane, PayloadTask, TaskStateChange } from './messages.ts';
import { hasRun, isCleared, isStopped, planTask } from './plan-task.ts';
import type { TaskAction } from './plan-task.ts';
import { Reporter } from './reporter.ts';
import { describe, look, perform, subjectOf, whyAgain } from './task-actions.ts';
import type { Means } from './task-actions.ts';
import { hearHealth } from './task-health.ts';
import { causeOf, reportOf } from './task-report.ts';
import { hasStarted, observe, partOf, takeUp, viewOf } from './task-state.ts';
import type { ContainerState, TaskState } from './task-state.ts';

export interface TaskRunnerOptions {
  readonly means: Means;
  readonly controlPlane: ControlPlane;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Ends the runner, not the task. */
  readonly signal: AbortSignal;
}

/** How long STOPPED is held back for the last lines of output, so that who sees it can read them. */
const drainBeforeStoppedMs = 5_000;

export class TaskRunner {
  readonly #options: TaskRunnerOptions;
  readonly #state: TaskState;
  readonly #reporter: Reporter;
  readonly #shipping = new Set<string>();
  readonly #cleared = Promise.withResolvers<TaskStateChange | undefined>();
  #stoppedSince: Date | undefined;
  #disowned = false;
  #lastChange: TaskStateChange | undefined;

  constructor(options: TaskRunnerOptions, task: PayloadTask, found: readonly Container[]) {
    this.#options = options;
    this.#state = takeUp(task, found);
    this.#reporter = new Reporter({ ...options }, (change) => this.#acknowledge(change));
    for (const container of this.#state.containers) this.#attend(container);
  }

  /** Resolves when nothing of the task is left on the engine, with the last change that was acknowledged. */
  get cleared(): Promise<TaskStateChange | undefined> {
    return this.#cleared.promise;
  }

  /** A payload about this task, again. A stop is final. */
  wish(task: PayloadTask): void {
    if (task.desiredStatus === 'STOPPED') this.#state.desired = 'STOPPED';
    this.step();
  }

  /** The control plane does not know the task: it ends, and nobody is told. */
  disown(): void {
    this.#state.desired = 'STOPPED';
    this.#disowned = true;
    this.#reporter.silence();
    this.step();
  }

  /** A container of the task as the engine just listed it. */
  listed(container: Container): void {
    const part = partOf(this.#state, container);
    if (part !== undefined && observe(part, container)) this.#changed();
  }

  /** Something happened to a container of the task, or it was missing where all were listed. */
  async refresh(isConcerned: (container: Container) => boolean): Promise<void> {
    for (const part of [this.#state.pause, ...this.#state.containers]) {
      if (part.observed === undefined || !isConcerned(part.observed)) continue;
      if (await look(part, this.#options.means.runtime)) this.#changed();
    }
  }

  #changed(): void {
    for (const container of this.#state.containers) this.#attend(container);
    this.step();
  }

  /** Plans from what is known now and sets off what is to be done; reports what changed. */
  step(): void {
    if (this.#options.signal.aborted) return;
    const state = this.#state;
    state.attached ||= state.pause.observed?.phase === 'running';
    hearHealth(state);
    state.cause ??= causeOf(state);
    for (const action of planTask(viewOf(state))) void this.#act(action);
    if (!state.acknowledged) this.#report();
    if (isCleared(viewOf(state))) this.#cleared.resolve(this.#lastChange);
  }

  async #act(action: TaskAction): Promise<void> {
    const { means, signal, log, clock, random } = this.#options;
    const part = subjectOf(action, this.#state);
    part.busy = true;
    try {
      await perform(action, this.#state, means, signal);
      part.failures = 0;
    } catch (thrown) {
      part.failures++;
      if (!signal.aborted)
        log.warn('an action failed, trying again', { ...describe(action, this.#state), ...whyAgain(thrown) });
      await clock.sleep(backoffMs(part.failures, random), signal);
    }
    part.busy = false;
    this.#changed();
  }

  #report(): void {
    const view = viewOf(this.#state);
    if (!isStopped(view)) {
      this.#offer(reportOf(this.#state, false));
      return;
    }
    const now = this.#options.clock.now();
    if (this.#stoppedSince === undefined) {
      this.#stoppedSince = this.#wakeAfter(drainBeforeStoppedMs, now);
      // That it ran is told although it is over already: a task that ends in a blink was RUNNING too.
      if (hasRun(view)) this.#offer(reportOf(this.#state, false));
    }
    const isDrained = view.containers.every((each) => each.drained);
    if (isDrained || now.getTime() - this.#stoppedSince.getTime() >= drainBeforeStoppedMs) {
      this.#offer(reportOf(this.#state, true));
    }
  }

  #offer(change: TaskStateChange): void {
    if (this.#disowned) {
      if (change.status === 'STOPPED') this.#acknowledge(change);
    } else {
      this.#reporter.offer(change);
    }
  }

  #acknowledge(change: TaskStateChange): void {
    this.#lastChange = change;
    if (change.status !== 'STOPPED' || this.#state.acknowledged) return;
    this.#state.acknowledged = true;
    queueMicrotask(() => this.step());
  }

  /** Sets off what goes along with a container from its start on: shipping its output, minding its startTimeout. */
  #attend(container: ContainerState): void {
    const { definition } = container;
    if (!hasStarted(container) || container.observed === undefined || this.#shipping.has(definition.name)) return;
    this.#shipping.add(definition.name);
    const destination = logDestinationOf(this.#state.task, definition);
    if (destination !== undefined) {
      container.drained = false;
      const { means, log, signal, clock, random } = this.#options;
      const options = { runtime: means.runtime, logSink: means.logSink, clock, random, log };
      void shipLogs(options, container.observed.id, destination, signal).then(() => {
        container.drained = true;
        this.step();
      });
    }
    if (definition.startTimeout !== undefined) void this.#mindStart(container, definition.startTimeout * 1000);
  }

  async #mindStart(container: ContainerState, timeoutMs: number): Promise<void> {
    const { clock, signal } = this.#options;
    const waited = clock.now().getTime() - (container.observed?.startedAt ?? clock.now()).getTime();
    if (waited < timeoutMs) await clock.sleep(timeoutMs - waited, signal);
    const { observed } = container;
    container.late = !container.gone && (observed?.phase === 'running' || observed?.phase === 'paused');
    container.healthLate = container.late && observed?.health !== 'healthy';
    this.step();
  }

  #wakeAfter(ms: number, now: Date): Date {
    void this.#options.clock.sleep(ms, this.#options.signal).then(() => this.step());
    return now;
  }
}
