// A client of the simulated control plane: asks as an SDK does, and remembers what it was told.
import { createContext } from '#aws/context.ts';
import { PageTokens } from '#aws/page-token.ts';
import type { Context, In, Operation, OperationName, Out } from '#aws/service.ts';
import type { App } from '#app.ts';
import { AwsError } from '#kernel/error.ts';
import type { ControlPlane } from './control-plane.ts';
import { short } from './history.ts';
import { home } from './home.ts';
import type { Order, Ordered } from './orders.ts';
import { definitionOf } from './wares.ts';
import type { World } from './world.ts';

type Models = { readonly ecs: 'ecs'; readonly logs: 'logs'; readonly ec2: 'ec2' };
type Name<M extends keyof Models> = OperationName<M> & string;

/** How one try of a call ended. Of `unknown` nobody can say whether it was done. */
export type Answer<O> =
  | { readonly is: 'answered'; readonly output: O }
  | { readonly is: 'refused'; readonly error: AwsError }
  | { readonly is: 'unknown' }
  | { readonly is: 'unreachable' };

const cluster = 'shop';
const tokens = new PageTokens(Buffer.alloc(32, 1));
const principal = {
  account: home.account,
  arn: `arn:aws:iam::${home.account}:root`,
  userId: home.account,
  accessKeyId: 'AKIASIMULATION000000',
};

export class Client {
  readonly orders: Order[] = [];
  readonly #world: World;
  readonly #plane: ControlPlane;
  readonly #dice;
  readonly #running: Promise<void>[] = [];
  #subnets: string[] = [];
  #busy = 0;

  constructor(world: World, plane: ControlPlane) {
    this.#world = world;
    this.#plane = plane;
    this.#dice = world.dice.fork();
  }

  /** Whether it waits for nothing. */
  get idle(): boolean {
    return this.#busy === 0;
  }

  get tasks(): Ordered[] {
    return this.orders.flatMap((order) => order.tasks);
  }

  /** Makes what a shop needs before it opens. */
  async moveIn(families: readonly string[], group: string): Promise<void> {
    await this.insist('ecs', 'CreateCluster', { clusterName: cluster });
    await this.insist('logs', 'CreateLogGroup', { logGroupName: group });
    for (const family of families) await this.insist('ecs', 'RegisterTaskDefinition', definitionOf(family));
    const { Subnets = [] } = (await this.insist('ec2', 'DescribeSubnets', {}))!;
    this.#subnets = Subnets.map((subnet) => subnet.SubnetId!);
  }

  /** Asks for tasks. `insists`: until there is an answer, which a client token makes safe; otherwise once. */
  order(number: number, family: string, count: number, insists: boolean): void {
    this.#running[number] = this.#run(number, family, count, insists);
  }

  async #run(number: number, family: string, count: number, insists: boolean): Promise<void> {
    const name = `order-${number}`;
    const containerName = 'app';
    const input: In<'ecs', 'RunTask'> = {
      cluster,
      taskDefinition: family,
      count,
      launchType: 'FARGATE',
      networkConfiguration: { awsvpcConfiguration: { subnets: [this.#dice.pick(this.#subnets)] } },
      startedBy: name,
      tags: [{ key: 'order', value: name }],
      overrides: { containerOverrides: [{ name: containerName, environment: [{ name: 'ORDER', value: name }] }] },
      ...(insists ? { clientToken: name } : {}),
    };
    const order: Order = { name, family, count, input, outcome: 'open', tasks: [] };
    this.orders[number] = order;
    const what = `RunTask ${name}: ${count} x ${family}`;
    const answer = insists ? await this.#insisting(what, 'RunTask', input) : await this.#trying(what, 'RunTask', input);
    if (answer.is === 'answered') {
      order.outcome = 'acknowledged';
      for (const seen of answer.output.tasks!) order.tasks.push({ arn: seen.taskArn!, order, seen, seenAt: 0 });
      this.#world.invariants.acknowledged(order);
    } else {
      order.outcome = answer.is === 'refused' ? 'refused' : 'unknown';
    }
  }

  /** Stops every task of an order, as soon as it is told of them. */
  async stop(number: number): Promise<void> {
    await this.#running[number];
    for (const task of this.orders[number]?.tasks ?? []) await this.stopTask(task);
  }

  async stopTask(task: Ordered): Promise<void> {
    const reason = `${task.order.name} is not needed`;
    const asked = this.#world.invariants.moment;
    const answer = await this.#insisting(`StopTask ${short(task.arn)}`, 'StopTask', {
      cluster,
      task: task.arn,
      reason,
    });
    if (answer.is === 'refused')
      this.#world.history.violated(`StopTask of ${short(task.arn)}: ${answer.error.message}`);
    if (answer.is !== 'answered') return;
    task.stopped ??= answer.output.task!;
    this.#world.invariants.described(task, answer.output.task!, asked);
  }

  /** Looks once at the tasks that it does not know to have stopped, or at all. */
  async look(which: 'live' | 'all' = 'all'): Promise<void> {
    const known = this.tasks.filter(({ seen }) => which === 'all' || seen.lastStatus !== 'STOPPED');
    if (known.length === 0) return;
    const asked = this.#world.invariants.moment;
    const answer = await this.call('ecs', 'DescribeTasks', {
      cluster,
      tasks: known.map(({ arn }) => arn),
      include: ['TAGS'],
    });
    if (answer.is === 'refused') this.#world.history.violated(`DescribeTasks: ${answer.error.message}`);
    if (answer.is !== 'answered') return;
    for (const { arn } of answer.output.failures!) {
      this.#world.history.violated(`an acknowledged task is lost: ${short(arn!)}`);
    }
    for (const seen of answer.output.tasks!) {
      this.#world.invariants.described(
        known.find(({ arn }) => arn === seen.taskArn)!,
        seen,
        asked,
      );
    }
  }

  /** Tries until there is an answer; undefined where that was a refusal. */
  async insist<M extends keyof Models, N extends Name<M>>(
    model: M,
    name: N,
    input: In<M, N>,
  ): Promise<Out<M, N> | undefined> {
    for (;;) {
      const answer = await this.call(model, name, input);
      if (answer.is === 'answered') return answer.output;
      if (answer.is === 'refused') return undefined;
      await this.#pause();
    }
  }

  /** One try. */
  async call<M extends keyof Models, N extends Name<M>>(
    model: M,
    name: N,
    input: In<M, N>,
  ): Promise<Answer<Out<M, N>>> {
    const open = this.#plane.open;
    if (open === undefined) return { is: 'unreachable' };
    const { app, life } = open;
    const operation = app.services.find((service) => service.model === model)!.operations.get(name);
    if (operation === undefined) throw new Error(`no operation ${name}`);
    const context = this.#context(model, name);
    this.#busy += 1;
    try {
      const asked = perform(app, operation, input, context).then(
        (output) => ({ is: 'answered', output: output as Out<M, N> }) as const,
      );
      return await Promise.race([asked, life.death.then(() => ({ is: 'unknown' }) as const)]);
    } catch (error) {
      // What is no refusal is a fault of the server, 500: it may have been done or not.
      return error instanceof AwsError ? { is: 'refused', error } : { is: 'unknown' };
    } finally {
      this.#busy -= 1;
    }
  }

  async #insisting<N extends 'RunTask' | 'StopTask'>(
    what: string,
    name: N,
    input: In<'ecs', N>,
  ): Promise<Answer<Out<'ecs', N>>> {
    this.#busy += 1;
    try {
      for (;;) {
        const answer = await this.#trying(what, name, input);
        if (answer.is === 'answered' || answer.is === 'refused') return answer;
        await this.#pause();
      }
    } finally {
      this.#busy -= 1;
    }
  }

  async #trying<N extends 'RunTask' | 'StopTask'>(
    what: string,
    name: N,
    input: In<'ecs', N>,
  ): Promise<Answer<Out<'ecs', N>>> {
    const { history } = this.#world;
    history.note('client', what);
    const answer: Answer<Out<'ecs', N>> = await this.call('ecs', name, input);
    history.note('client', `${what} -> ${tell(answer)}`);
    return answer;
  }

  #context(model: keyof Models, operation: string): Context {
    const { clock } = this.#world;
    const source = {
      requestId: 'r',
      principal,
      region: home.region,
      now: clock.now(),
      sourceAddress: '127.0.0.1',
      model,
      operation,
    };
    return createContext(source, tokens);
  }

  async #pause(): Promise<void> {
    await this.#world.clock.sleep(200 + this.#dice.below(800));
  }
}

function tell(answer: Answer<Out<'ecs', 'RunTask'> | Out<'ecs', 'StopTask'>>): string {
  if (answer.is === 'refused') return `refused: ${answer.error.code}: ${answer.error.message}`;
  if (answer.is !== 'answered') return answer.is;
  const { output } = answer;
  const tasks = 'tasks' in output ? output.tasks! : 'task' in output ? [output.task!] : [];
  return tasks
    .map(({ taskArn, lastStatus, desiredStatus }) => `${short(taskArn!)} ${lastStatus}/${desiredStatus}`)
    .join(' ');
}

/** As the gateway does it. */
async function perform(
  app: App,
  operation: Operation<unknown, unknown>,
  input: unknown,
  context: Context,
): Promise<unknown> {
  const { store } = app;
  if ('run' in operation) return store.write((tx) => operation.run(input, tx, context));
  if ('perform' in operation) return operation.perform(input, context, new AbortController().signal);
  const output = store.read((reader) => operation.read(input, reader, context));
  await store.durable();
  return output;
}
