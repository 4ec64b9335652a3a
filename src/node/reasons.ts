// Why a task or a container did not run, in AWS's words.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
import { AwsError, messageOf } from '#kernel/error.ts';
import { RuntimeError } from '#drivers/runtime.ts';
import type { Container } from '#drivers/runtime.ts';

export const essentialContainerExited = 'Essential container in task exited';

/** What the engine said, with the prefix that Docker's client (and so the ECS agent) gives to its answers. */
function engineWords(thrown: unknown): string {
  const answered = thrown instanceof RuntimeError && thrown.reason !== 'unavailable';
  return answered ? `Error response from daemon: ${thrown.message}` : messageOf(thrown);
}

/** An image could not be pulled; `tries` counts all of them. */
export function cannotPull(reference: string, thrown: unknown, tries: number): string {
  const why =
    thrown instanceof RuntimeError && thrown.reason === 'not-found' ? `${reference}: not found` : pullWords(thrown);
  return `CannotPullContainerError: pull image manifest has been retried ${tries} time(s): failed to resolve ref ${reference}: ${why}`;
}

/** Docker says the first half of it in words of its own, before what the registry said. */
function pullWords(thrown: unknown): string {
  const isDenied = thrown instanceof AwsError || (thrown instanceof RuntimeError && thrown.reason === 'denied');
  if (!isDenied) return messageOf(thrown);
  const said = thrown.message.split("'docker login': ").at(-1)!;
  return `pull access denied, repository does not exist or may require authorization: server message: ${said}`;
}

/** The registry would not give credentials. */
export function cannotLogIn(thrown: unknown): string {
  return `ResourceInitializationError: unable to pull secrets or registry auth: unable to get registry auth from ECR: ${messageOf(thrown)}`;
}

export function cannotCreate(thrown: unknown): string {
  return `CannotCreateContainerError: ${engineWords(thrown)}`;
}

export function cannotCreateVolume(thrown: unknown): string {
  return `CannotCreateVolumeError: ${engineWords(thrown)}`;
}

export function cannotStart(thrown: unknown): string {
  return `CannotStartContainerError: ${engineWords(thrown)}`;
}

/** The task's network namespace could not be made. What most often stands in the way is said with its remedy. */
export function cannotSetUpNetwork(thrown: unknown): string {
  const words = engineWords(thrown);
  const hint = /overlaps/.test(words) ? `: another network of this machine uses the VPC's addresses; ${remedy}` : '';
  return `ResourceInitializationError: failed to set up the network of the task: ${words}${hint}`;
}

const remedy = 'remove it (docker network ls), or start Berth on a new data directory with another --vpc-cidr';

/** The stream of an awslogs container could not be made (the words of Fargate's logger validation). */
export function cannotOpenLog(thrown: unknown, tries: number): string {
  const why = thrown instanceof AwsError ? `${thrown.code}: ${thrown.message} ` : messageOf(thrown);
  return (
    `ResourceInitializationError: failed to validate logger args: create stream has been retried ${tries} times: ` +
    `failed to create Cloudwatch log stream: ${why}: exit status 1`
  );
}

/** Somebody removed a container behind the node's back. */
export function containerGone(name: string): string {
  return `NoSuchContainerError: Container not found: ${name}`;
}

/** A container that can never start, since what it waits for can never come. */
export function dependencyFailed(
  name: string,
  dependency: string,
  why: 'never' | 'nonzero' | 'unhealthy' | 'late',
): string {
  if (why === 'late')
    return `dependency graph: container ordering dependency [${dependency}] for target [${name}] has timed out.`;
  const ends = {
    never: 'because dependency will never start.',
    nonzero: 'as dependency did not exit successfully.',
    unhealthy: 'as dependency exited before it could be relied on as healthy.',
  };
  return `dependency graph: failed to resolve container ordering dependency [${dependency}] for target [${name}] ${ends[why]}`;
}

/** What a container's end says about itself, beyond its exit code. */
export function endReason(container: Container): string | undefined {
  if (container.outOfMemory) return 'OutOfMemoryError: Container killed due to memory usage';
  if (container.error === undefined || container.error === '') return undefined;
  const kind = container.startedAt === undefined ? 'CannotStartContainerError' : 'ContainerRuntimeError';
  return `${kind}: ${container.error}`;
}
