// What must hold once all is quiet: what keeps the world from being so, and whether all was told as it was.
import { sameJson } from '#kernel/json.ts';
import type { Client } from './client.ts';
import { short } from './history.ts';
import { isOver, type Ran, type TaskDocument } from './invariants.ts';
import type { Ordered } from './orders.ts';
import { ownGroup, wares } from './wares.ts';
import type { World } from './world.ts';

const pause = '~internal~ecs~pause';
type Labels = Readonly<Record<string, string>>;

/** What is still to happen, or to end; empty once the engine has just what the tasks want. */
export function unrest({ invariants, engine }: World): string[] {
  const found: string[] = [];
  const tasks = new Map(invariants.tasks.map((task) => [task.spec.id, task]));
  for (const { spec, phase } of engine.containers.values()) {
    const task = tasks.get(taskIdOf(spec.labels));
    if (task === undefined || isOver(task)) found.push(`${spec.name} (${phase}) is on the engine without a live task`);
  }
  for (const task of tasks.values()) if (!isOver(task)) found.push(...unrestOf(task, engine.containers.values()));
  const live = [...tasks.values()].filter((task) => !isOver(task));
  const held = live.flatMap(({ status }) => status.networkInterface?.networkInterfaceId ?? []).toSorted();
  const given = invariants.interfaces.map(({ spec }) => spec.networkInterfaceId).toSorted();
  if (!sameJson(held, given)) found.push(`interfaces ${given.join(' ')} are given out, ${held.join(' ')} are held`);
  return found;
}

function unrestOf(
  { spec, status }: TaskDocument,
  containers: Iterable<{ spec: { labels: Labels }; running: boolean; describe(): { health?: string } }>,
): string[] {
  const id = short(spec.id);
  if (status.lastStatus !== 'RUNNING') return [`task ${id} (${spec.family}) is ${status.lastStatus}`];
  if (spec.stop !== undefined) return [`task ${id} (${spec.family}) is to stop`];
  const { containers: wanted, fate } = wares[spec.family]!;
  if (fate !== 'runs on') return [`task ${id} (${spec.family}) runs, and will end`];
  const own = [...containers].filter((each) => taskIdOf(each.spec.labels) === spec.id);
  const isRunning = (name: string) => own.some((each) => nameOf(each.spec.labels) === name && each.running);
  const essential = wanted.filter((each) => each.essential !== false).map((each) => each.name!);
  const missing = [pause, ...essential].filter((name) => !isRunning(name));
  const healthOf = (name: string) => own.find((each) => nameOf(each.spec.labels) === name)?.describe().health;
  const passing = wanted.filter((each) => each.essential === false && isRunning(each.name!));
  return [
    ...missing.map((name) => `${name} of task ${id} (${spec.family}) does not run`),
    ...passing.map(({ name }) => `${name} of task ${id} (${spec.family}) runs, and will end`),
    ...status.containers
      .filter((each) => each.lastStatus !== (isRunning(each.name) ? 'RUNNING' : 'STOPPED'))
      .map((each) => `${each.name} of task ${id} is told to be ${each.lastStatus}`),
    ...status.containers
      .filter((each) => each.healthStatus !== healthOf(each.name)?.toUpperCase())
      .map((each) => `${each.name} of task ${id} is told to be ${each.healthStatus}, and is ${healthOf(each.name)}`),
  ];
}

/** Every order has the tasks that it was told of, and no others; each ended as it should. */
export function checkOutcomes(world: World, client: Client): void {
  const { invariants, history } = world;
  for (const { name, outcome, count, tasks: told } of client.orders.filter((each) => each !== undefined)) {
    const made = invariants.tasks.filter(({ spec }) => spec.startedBy === name);
    const expected: number[] = { open: [], acknowledged: [count], refused: [0], unknown: [0, count] }[outcome];
    if (!expected.includes(made.length)) history.violated(`${name} is ${outcome} and has ${made.length} tasks`);
    for (const task of told) if (task.stopped !== undefined) checkStop(world, task);
  }
  const ran = Map.groupBy(invariants.ran, ({ task }) => task);
  for (const task of invariants.tasks) checkTold(world, task, ran.get(task.spec.id) ?? []);
}

/** A stop that was acknowledged comes to its end, for the reason that was told with it. */
function checkStop({ history }: World, { arn, seen, stopped }: Ordered): void {
  const { stopCode, stoppedReason } = stopped!;
  if (seen.lastStatus !== 'STOPPED') history.violated(`task ${short(arn)} was to stop and is ${seen.lastStatus}`);
  if (seen.stopCode !== stopCode || seen.stoppedReason !== stoppedReason) {
    history.violated(
      `task ${short(arn)} stopped as ${seen.stopCode} (${seen.stoppedReason}), not ${stopCode} (${stoppedReason})`,
    );
  }
}

/** What is told of a task's containers is what the engine knows of them. */
function checkTold({ invariants, history }: World, { spec, status }: TaskDocument, ran: readonly Ran[]): void {
  const say = (what: string) => history.violated(`task ${short(spec.id)} (${spec.family}): ${what}`);
  for (const { name, lastStatus, exitCode, runtimeId } of status.containers) {
    const container = ran.findLast((each) => each.name === name)?.container;
    const truth = container?.describe().exitCode;
    const isUnseen = container !== undefined && invariants.removedByHand.has(container.id) && exitCode === undefined;
    if (exitCode !== truth && !isUnseen) say(`exit code of ${name} is told as ${exitCode}, and was ${truth}`);
    if (container !== undefined && runtimeId !== container.id && !(isUnseen && runtimeId === undefined))
      say(`${name} ran as ${container.id}, told ${runtimeId}`);
    if (status.lastStatus === 'STOPPED' && lastStatus !== 'STOPPED') say(`${name} is ${lastStatus} in a stopped task`);
  }
  if (status.lastStatus !== 'STOPPED') return;
  const code = spec.stop?.code ?? status.stopCode;
  if (code === undefined) say('stopped without a stop code');
  if (spec.stop !== undefined) return;
  const { fate } = wares[spec.family]!;
  if (fate === 'never starts' && code !== 'TaskFailedToStart') say(`never started, and stopped as ${code}`);
  const began = status.containers.filter((each) => ran.some(({ name }) => name === each.name));
  if (began.length === 0 && code === 'EssentialContainerExited') say('stopped as if it had run');
}

/** A task that nobody stopped and nothing struck has met its fate, and no other. */
export function checkCauses(
  { invariants, history }: World,
  { isGroupWhole, arePullsSafe }: { readonly isGroupWhole: boolean; readonly arePullsSafe: boolean },
): void {
  for (const { spec, status } of invariants.tasks) {
    if (spec.stop !== undefined || invariants.struck.has(spec.id)) continue;
    const { fate } = wares[spec.family]!;
    const met =
      status.lastStatus !== 'STOPPED' ? 'runs on' : status.stopCode === 'TaskFailedToStart' ? 'never starts' : 'exits';
    if (met === fate) continue;
    const reason = status.stoppedReason ?? '';
    // Where the node died between ending the task and saying why, the next one finds the pause container dead.
    const isForgotten = reason.includes('holds the network namespace');
    if (!arePullsSafe && (reason.startsWith('CannotPullContainerError') || isForgotten)) continue;
    if (!isGroupWhole && (reason.includes('log group does not exist') || isForgotten)) continue;
    // The init container of a pair fails now and then, of itself.
    if (spec.family === 'pair' && status.containers.some(({ name, exitCode }) => name === 'init' && exitCode !== 0))
      continue;
    history.violated(`task ${short(spec.id)} (${spec.family}) should be one that ${fate}, and ${met}: ${reason}`);
  }
}

/** Output is in its stream once, in order, and whole where neither the container nor the group was taken away. */
export async function checkLogs(world: World, client: Client, isGroupWhole: boolean): Promise<void> {
  const { ran, removedByHand } = world.invariants;
  const streams = Map.groupBy(ran, ({ container }) => JSON.stringify(destinationOf(container.spec.labels)));
  for (const containers of streams.values()) {
    const destination = destinationOf(containers[0]!.container.spec.labels);
    if (destination === undefined) continue;
    const { group, stream } = destination;
    const kept = await eventsOf(client, group, stream);
    const written = containers.flatMap(({ container }) => container.lines.map(({ text }) => text));
    const isTaken = containers.some(({ container }) => removedByHand.has(container.id));
    const isWhole = !isTaken && (isGroupWhole || group === ownGroup);
    const isRight = isWhole ? sameJson(kept, written) : isSubsequence(kept, written);
    if (!isRight) world.history.violated(`output in ${stream}: ${show(written)} is kept as ${show(kept)}`);
  }
}

function show(lines: readonly string[]): string {
  return `${lines.length} lines [${lines.map((line) => line.replace('line ', '')).join(' ')}]`;
}

function isSubsequence(part: readonly string[], whole: readonly string[]): boolean {
  let at = 0;
  for (const each of whole) if (each === part[at]) at += 1;
  return at === part.length;
}

async function eventsOf(client: Client, logGroupName: string, logStreamName: string): Promise<string[]> {
  const found: string[] = [];
  let nextToken: string | undefined;
  for (;;) {
    const input = { logGroupName, logStreamName, startFromHead: true, limit: 7, nextToken };
    const page = await client.insist('logs', 'GetLogEvents', input);
    found.push(...(page?.events ?? []).map(({ message }) => message!));
    if (page === undefined || page.nextForwardToken === nextToken) return found;
    nextToken = page.nextForwardToken;
  }
}

function destinationOf(labels: Labels): { group: string; stream: string } | undefined {
  const text = labels['berth.container'];
  if (text === undefined) return undefined;
  const { logConfig } = JSON.parse(text) as { logConfig?: { Config: Record<string, string> } };
  const { 'awslogs-group': group, 'awslogs-stream': stream } = logConfig?.Config ?? {};
  return group === undefined || stream === undefined ? undefined : { group, stream };
}

function taskIdOf(labels: Labels): string {
  return (labels['com.amazonaws.ecs.task-arn'] ?? '').split('/').at(-1)!;
}

function nameOf(labels: Labels): string | undefined {
  return labels['com.amazonaws.ecs.container-name'];
}
