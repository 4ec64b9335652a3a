// What Fargate asks of a task definition: its sizes and its limits. Pure.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html
import type { AwsError } from '#kernel/error.ts';
import { clientException, noFargateConfiguration } from './errors.ts';
import type { ContainerDefinition, NetworkMode, Volume } from './shapes.ts';

/** CPU units, then the memory that goes with them in MiB: the least, the most, and the step between. */
const sizes: readonly { readonly cpu: number; readonly least: number; readonly most: number; readonly step: number }[] =
  [
    { cpu: 256, least: 512, most: 1024, step: 512 },
    { cpu: 256, least: 2048, most: 2048, step: 1024 },
    { cpu: 512, least: 1024, most: 4096, step: 1024 },
    { cpu: 1024, least: 2048, most: 8192, step: 1024 },
    { cpu: 2048, least: 4096, most: 16384, step: 1024 },
    { cpu: 4096, least: 8192, most: 30720, step: 1024 },
    { cpu: 8192, least: 16384, most: 61440, step: 4096 },
    { cpu: 16384, least: 32768, most: 122880, step: 8192 },
  ];

/** Whether Fargate has tasks of this size: CPU units and MiB. */
export function isFargateSize(cpu: number, memory: number): boolean {
  return sizes.some(
    (size) =>
      size.cpu === cpu && memory >= size.least && memory <= size.most && (memory - size.least) % size.step === 0,
  );
}

interface Sized {
  readonly networkMode?: NetworkMode;
  /** CPU units. */
  readonly cpu?: number;
  /** MiB. */
  readonly memory?: number;
  readonly containerDefinitions: readonly ContainerDefinition[];
  readonly volumes: readonly Volume[];
}

/** Seconds. */
const longestTimeout = 120;

/** Why Fargate cannot run a definition, in AWS's words; undefined where it can. */
export function fargateFault({ networkMode, cpu, memory, ...parts }: Sized): AwsError | undefined {
  if (networkMode !== 'awsvpc') return clientException('Fargate only supports network mode ‘awsvpc’.');
  if (cpu === undefined) return clientException("Fargate requires that 'cpu' be defined at the task level.");
  if (memory === undefined) return clientException("Fargate requires that 'memory' be defined at the task level.");
  if (!isFargateSize(cpu, memory)) return noFargateConfiguration(cpu, memory);
  for (const container of parts.containerDefinitions) {
    const fault = containerFault(container);
    if (fault !== undefined) return clientException(fault);
  }
  const unsupported =
    parts.volumes.map(unsupportedOfVolume).find((each) => each !== undefined) ??
    parts.containerDefinitions.map(unsupportedOfLinux).find((each) => each !== undefined);
  if (unsupported === undefined) return undefined;
  return clientException(`Fargate compatible task definitions do not support ${unsupported}`);
}

function unsupportedOfVolume({ host, dockerVolumeConfiguration }: Volume): string | undefined {
  if (host?.sourcePath !== undefined) return 'sourcePath';
  return dockerVolumeConfiguration && 'dockerVolumeConfiguration';
}

function unsupportedOfLinux({ linuxParameters = {} }: ContainerDefinition): string | undefined {
  const { devices, sharedMemorySize, maxSwap, swappiness } = linuxParameters;
  if (devices?.length) return 'devices';
  if (sharedMemorySize !== undefined) return 'sharedMemorySize';
  if (maxSwap !== undefined) return 'maxSwap';
  return swappiness === undefined ? undefined : 'swappiness';
}

function containerFault(container: ContainerDefinition): string | undefined {
  if (container.privileged) return "Fargate requires that the 'privileged' setting be 'false'.";
  if ((container.stopTimeout ?? 0) > longestTimeout) {
    return 'Tasks using the Fargate launch type must have a container stop timeout of less than 120 seconds.';
  }
  if ((container.startTimeout ?? 0) > longestTimeout) {
    return 'Tasks using the Fargate launch type must have a container start timeout of less than 120 seconds.';
  }
  const added = container.linuxParameters?.capabilities?.add?.find((capability) => capability !== 'SYS_PTRACE');
  if (added !== undefined) return `${added} is not allowed on Fargate.`;
  const { logDriver, options } = container.logConfiguration ?? {};
  if (logDriver === 'awslogs' && !options?.['awslogs-stream-prefix']) {
    return 'Fargate requires log configuration options to include awslogs-stream-prefix to support log driver awslogs.';
  }
  return undefined;
}
