// Translates a container of a payload into what the engine is to make.
import type { ContainerSpec, HealthCheck } from '#drivers/runtime.ts';
import { adoptableLabel, containerNameOf, label, taskLabels, volumeOf } from './labels.ts';
import type { Machine } from './machine.ts';
import type { DockerConfig, DockerHostConfig, PayloadContainer, PayloadTask } from './messages.ts';

const mebibyte = 1024 * 1024;
/** Enough for a server with many threads, too few for a fork bomb to starve the machine. */
const pidsLimit = 4096;
/** Fargate's default. https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-task-defs.html */
const fargateOpenFiles = 65535;

/** Docker's JSON strings of a container, read. Throws SyntaxError where they are none. */
export function dockerConfigOf(container: PayloadContainer): { config: DockerConfig; hostConfig: DockerHostConfig } {
  return {
    config: JSON.parse(container.dockerConfig.config) as DockerConfig,
    hostConfig: JSON.parse(container.dockerConfig.hostConfig) as DockerHostConfig,
  };
}

export interface SpecContext {
  readonly installation: string;
  readonly machine: Machine;
  readonly pauseId: string;
  /** `sha256:…` of the manifest that was pulled, where the engine says it. */
  readonly imageDigest?: string;
}

/** The container to make. Throws SyntaxError where dockerConfig is not JSON. */
export function containerSpecOf(task: PayloadTask, container: PayloadContainer, context: SpecContext): ContainerSpec {
  const { config, hostConfig } = dockerConfigOf(container);
  return {
    name: containerNameOf(task, container.name),
    image: container.image,
    labels: { ...config.Labels, ...ownLabels(task, container, context, hostConfig) },
    // Host name, hosts file and name servers belong to the namespace, so to the pause container.
    network: { mode: 'container', id: context.pauseId },
    entryPoint: container.entryPoint,
    command: container.command,
    environment: container.environment,
    workingDirectory: config.WorkingDir,
    user: config.User,
    stopSignal: config.StopSignal,
    healthCheck: healthCheckOf(container, config),
    tty: config.Tty,
    interactive: config.OpenStdin,
    mounts: container.mountPoints?.map(({ sourceVolume, containerPath, readOnly }) => {
      return { volume: volumeOf(context.installation, task, sourceVolume).name, target: containerPath, readOnly };
    }),
    tmpfs: hostConfig.Tmpfs && Object.entries(hostConfig.Tmpfs).map(([target, options]) => ({ target, options })),
    volumesFrom: container.volumesFrom?.map(({ sourceContainer, readOnly }) => {
      return { container: containerNameOf(task, sourceContainer), readOnly };
    }),
    sysctls: hostConfig.Sysctls,
    readOnlyRootFilesystem: hostConfig.ReadonlyRootfs,
    init: hostConfig.Init,
    capabilitiesAdd: hostConfig.CapAdd,
    capabilitiesDrop: hostConfig.CapDrop,
    noNewPrivileges: true,
    pidsLimit,
    ...limitsOf(task, container, context.machine.cpus),
    memoryReservationBytes: hostConfig.MemoryReservation,
    ulimits: ulimitsOf(task, hostConfig, context.machine.openFiles),
  };
}

/** ECS heeds no check that an image brings. */
function healthCheckOf({ healthCheckType }: PayloadContainer, { Healthcheck }: DockerConfig): HealthCheck | 'none' {
  if (healthCheckType !== 'docker' || Healthcheck === undefined) return 'none';
  return {
    command: Healthcheck.Test,
    intervalMs: Healthcheck.Interval / 1_000_000,
    timeoutMs: Healthcheck.Timeout / 1_000_000,
    retries: Healthcheck.Retries,
    startPeriodMs: Healthcheck.StartPeriod / 1_000_000,
  };
}

function ownLabels(
  task: PayloadTask,
  container: PayloadContainer,
  context: SpecContext,
  hostConfig: DockerHostConfig,
): Record<string, string> {
  const { containerArn, essential, dependsOn, stopTimeout } = container;
  return {
    ...taskLabels(context.installation, task),
    [label.containerName]: container.name,
    [label.role]: 'task',
    ...adoptableLabel({ containerArn, essential, dependsOn, stopTimeout, logConfig: hostConfig.LogConfig }),
    // Also where it is not known: the image may bring a label of that name.
    [label.imageDigest]: context.imageDigest ?? '',
  };
}

/**
 * Each container may use all of the task's memory and CPU, unless its own limits are lower. A task of one container
 * (or whose containers have limits) is thereby held to its size exactly; several busy containers without limits of
 * their own could together exceed it, since the engine's contract knows no cgroup above containers.
 */
export function limitsOf(
  task: PayloadTask,
  container: PayloadContainer,
  cpus: number,
): Pick<ContainerSpec, 'memoryBytes' | 'cpuShares' | 'nanoCpus'> {
  const memory = Math.min(container.memory || Infinity, task.memory ?? Infinity);
  return {
    memoryBytes: Number.isFinite(memory) ? memory * mebibyte : undefined,
    cpuShares: sharesOf(task, container),
    nanoCpus: task.cpu === undefined ? undefined : Math.round(Math.min(task.cpu, cpus) * 1e9),
  };
}

/** A container without CPU units gets an even part of what the others leave of the task's; 2 is the kernel's least. */
function sharesOf(task: PayloadTask, container: PayloadContainer): number {
  if (container.cpu > 0) return Math.max(2, container.cpu);
  const without = task.containers.filter((each) => each.cpu === 0).length;
  const used = task.containers.reduce((sum, each) => sum + each.cpu, 0);
  const left = Math.max(0, (task.cpu ?? 0) * 1024 - used);
  return Math.max(2, Math.floor(left / Math.max(1, without)));
}

function ulimitsOf(task: PayloadTask, hostConfig: DockerHostConfig, most: number): ContainerSpec['ulimits'] {
  const asked = (hostConfig.Ulimits ?? []).map((each) => ({ name: each.Name, soft: each.Soft, hard: each.Hard }));
  if (task.launchType !== 'FARGATE' || asked.some((each) => each.name === 'nofile')) return asked;
  const openFiles = Math.min(fargateOpenFiles, most);
  return [...asked, { name: 'nofile', soft: openFiles, hard: openFiles }];
}
