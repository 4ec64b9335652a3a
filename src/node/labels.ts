// What a container says about itself: the labels and names by which a restarted node knows what runs, and for whom.
import { parseArn } from '#kernel/arn.ts';
import type { Container, Volume } from '#drivers/runtime.ts';
import type { PayloadContainer, PayloadTask } from './messages.ts';

/** The names of the labels; the first five are the ECS agent's own. */
export const label = {
  taskArn: 'com.amazonaws.ecs.task-arn',
  containerName: 'com.amazonaws.ecs.container-name',
  cluster: 'com.amazonaws.ecs.cluster',
  family: 'com.amazonaws.ecs.task-definition-family',
  version: 'com.amazonaws.ecs.task-definition-version',
  installation: 'berth.installation',
  role: 'berth.role',
  container: 'berth.container',
  imageDigest: 'berth.image-digest',
  volume: 'berth.volume',
} as const;

/** What the pause container is called in labels; the ECS agent's name for it. */
export const pauseContainerName = '~internal~ecs~pause';

/** What a container must know of its own definition, to be stopped in order and drained by a node that never saw it. */
export type Adoptable = Pick<PayloadContainer, 'containerArn' | 'essential' | 'dependsOn' | 'stopTimeout'> & {
  readonly logConfig?: { readonly Type: string; readonly Config: Readonly<Record<string, string>> };
};

/** The labels that every container of a task carries. */
export function taskLabels(installation: string, task: PayloadTask): Record<string, string> {
  return {
    [label.installation]: installation,
    [label.taskArn]: task.arn,
    [label.cluster]: task.taskClusterArn,
    [label.family]: task.family,
    [label.version]: task.version,
  };
}

/** The label that carries {@link Adoptable}. */
export function adoptableLabel(adoptable: Adoptable): Record<string, string> {
  return { [label.container]: JSON.stringify(adoptable) };
}

/** The last part of a task's ARN: its id. */
export function taskIdOf(taskArn: string): string {
  return (parseArn(taskArn)?.resource ?? taskArn).split('/').at(-1)!;
}

/**
 * The one name that a container of a task can have on an engine: whoever makes it a second time meets the first.
 * Of Docker's alphabet (`[a-zA-Z0-9][a-zA-Z0-9_.-]*`), as families and container names are.
 */
export function containerNameOf(task: Pick<PayloadTask, 'arn' | 'family' | 'version'>, name: string): string {
  const part = name === pauseContainerName ? 'internal-ecs-pause' : name;
  return `ecs-${task.family}-${task.version}-${part}-${taskIdOf(task.arn)}`;
}

/**
 * The one volume that a task's volume can be on an engine. Named by its place in the definition: the engine makes a
 * directory of that name, which could not hold two names of 255 characters.
 */
export function volumeOf(installation: string, task: PayloadTask, name: string): Volume {
  const place = (task.volumes ?? []).findIndex((each) => each.name === name);
  return {
    name: `ecs-${taskIdOf(task.arn)}-${place}`,
    labels: { ...taskLabels(installation, task), [label.volume]: name },
  };
}

/** Its name in its task; one without that label goes by its name on the engine. */
export function containerNameIn(container: Pick<Container, 'labels' | 'name'>): string {
  return container.labels[label.containerName] ?? container.name;
}

/** Whether a container is its task's pause container. */
export function isPause(container: Pick<Container, 'labels'>): boolean {
  return container.labels[label.role] === 'pause';
}

/**
 * The task as the labels of its containers and volumes tell it, for a node that has only these; its containers lack
 * what made them.
 */
export function taskOfLabels(
  containers: readonly Container[],
  volumes: readonly Volume[] = [],
): PayloadTask | undefined {
  const first = (containers[0] ?? volumes[0])?.labels;
  if (first?.[label.taskArn] === undefined) return undefined;
  return {
    arn: first[label.taskArn]!,
    taskClusterArn: first[label.cluster] ?? '',
    family: first[label.family] ?? '',
    version: first[label.version] ?? '',
    desiredStatus: 'STOPPED',
    containers: containers.filter((each) => !isPause(each)).map(containerOfLabels),
  };
}

/** A container's definition as far as its labels keep it. */
function containerOfLabels(container: Container): PayloadContainer {
  const adoptable = adoptableOf(container);
  const hostConfig = adoptable.logConfig === undefined ? {} : { LogConfig: adoptable.logConfig };
  return {
    ...adoptable,
    name: containerNameIn(container),
    image: container.imageId,
    cpu: 0,
    memory: 0,
    environment: {},
    dockerConfig: { version: '', config: '{}', hostConfig: JSON.stringify(hostConfig) },
  };
}

/** Whoever may change containers on the engine owns it, but a label that cannot be read must not stop the node. */
function adoptableOf(container: Container): Adoptable {
  try {
    return JSON.parse(container.labels[label.container] ?? '') as Adoptable;
  } catch {
    return { containerArn: '', essential: true };
  }
}
