// Translates a task into what a node is told of it: definition, overrides and interface to a PayloadTask. Pure.
import type { Images } from '#services/ecr/ports.ts';
import type { NetworkInterface } from '#services/ec2/ports.ts';
import type {
  DockerConfig,
  DockerHostConfig,
  PayloadContainer,
  PayloadNetworkInterface,
  PayloadTask,
} from '#node/messages.ts';
import { attachmentArn, clusterArn, taskArn } from './arns.ts';
import type { ContainerSpec, TaskDefinitionSpec, TaskSpec, TaskStatus } from './kinds.ts';
import type { ContainerDefinition, ContainerOverride, HealthCheck } from './shapes.ts';

const mebibyte = 1024 * 1024;
/** In nanoseconds. */
const second = 1_000_000_000;
/** The Engine API that the strings in dockerConfig are written for. */
const dockerApi = '1.41';

export interface TaskParts {
  readonly task: TaskSpec;
  readonly status: Pick<TaskStatus, 'startedAt'>;
  readonly definition: TaskDefinitionSpec;
  readonly networkInterface: NetworkInterface;
}

/** A task that is to run. */
export function runPayload(
  { task, status, definition, networkInterface }: TaskParts,
  images: Pick<Images, 'resolve'>,
): PayloadTask {
  return {
    ...identityOf(task),
    desiredStatus: 'RUNNING',
    lastStatus: status.startedAt === undefined ? 'PENDING' : 'RUNNING',
    networkMode: 'awsvpc',
    launchType: task.launchType,
    cpu: Number(task.cpu) / 1024,
    memory: Number(task.memory),
    group: task.group,
    elasticNetworkInterfaces: [payloadInterface(task, networkInterface)],
    volumes: definition.volumes?.map(({ name }) => ({ name: name!, type: 'host', host: {} })),
    containers: definition.containerDefinitions.map((container) => payloadContainer(task, container, images)),
  };
}

/** A task that is to end. */
export function stopPayload(task: TaskSpec): PayloadTask {
  return { ...identityOf(task), desiredStatus: 'STOPPED', containers: [] };
}

function identityOf(task: TaskSpec): Pick<PayloadTask, 'arn' | 'taskClusterArn' | 'family' | 'version'> {
  return {
    arn: taskArn(task, task.clusterName, task.id),
    taskClusterArn: clusterArn(task, task.clusterName),
    family: task.family,
    version: String(task.revision),
  };
}

function payloadInterface(task: TaskSpec, networkInterface: NetworkInterface): PayloadNetworkInterface {
  const { subnet } = networkInterface;
  return {
    attachmentArn: attachmentArn(task, task.network.attachmentId),
    attachType: 'task-eni',
    ec2Id: networkInterface.networkInterfaceId,
    macAddress: networkInterface.macAddress,
    ipv4Addresses: [{ primary: true, privateAddress: networkInterface.privateIpAddress }],
    domainNameServers: [],
    privateDnsName: networkInterface.privateDnsName,
    subnetGatewayIpv4Address: gatewayOf(subnet.cidrBlock),
    vpc: { id: subnet.vpcId, cidrBlock: networkInterface.vpcCidrBlock, gateway: networkInterface.gateway },
  };
}

/** The first address of a subnet, with its prefix length: `172.31.16.0/20` has `172.31.16.1/20`. */
function gatewayOf(cidrBlock: string): string {
  const [network = '', prefix = ''] = cidrBlock.split('/');
  return `${network.replace(/\d+$/, (last) => String(Number(last) + 1))}/${prefix}`;
}

function payloadContainer(
  task: TaskSpec,
  container: ContainerDefinition,
  images: Pick<Images, 'resolve'>,
): PayloadContainer {
  const override = task.overrides.containerOverrides?.find(({ name }) => name === container.name) ?? {};
  const wanted = task.containers.find(({ name }) => name === container.name)!;
  return {
    name: wanted.name,
    ...imageOf(wanted, task.account, images),
    essential: container.essential ?? true,
    cpu: wanted.cpu,
    memory: wanted.memory ?? 0,
    entryPoint: filled(container.entryPoint),
    command: filled(override.command) ?? filled(container.command),
    environment: environmentOf(task, container, override),
    dependsOn: filled(container.dependsOn)?.map(({ containerName, condition }) => {
      return { containerName: containerName!, condition: condition! };
    }),
    healthCheckType: container.healthCheck && 'docker',
    mountPoints: filled(container.mountPoints)?.map(({ sourceVolume, containerPath, readOnly = false }) => {
      return { sourceVolume: sourceVolume!, containerPath: containerPath!, readOnly };
    }),
    volumesFrom: filled(container.volumesFrom)?.map(({ sourceContainer, readOnly = false }) => {
      return { sourceContainer: sourceContainer!, readOnly };
    }),
    startTimeout: container.startTimeout,
    stopTimeout: container.stopTimeout,
    containerArn: wanted.arn,
    dockerConfig: {
      version: dockerApi,
      config: JSON.stringify(dockerConfigOf(container)),
      hostConfig: JSON.stringify(hostConfigOf(task, container, wanted.memoryReservation)),
    },
  };
}

/** Images in our own registry are pulled from where the engine reaches it, with our own credentials. */
function imageOf(
  { image: reference, pinnedDigest }: ContainerSpec,
  account: string,
  images: Pick<Images, 'resolve'>,
): Pick<PayloadContainer, 'image' | 'imageInTask' | 'registryAuthentication'> {
  const image = images.resolve(reference);
  if (image === undefined) return { image: reference };
  const { registryId, region, repositoryName, endpoint } = image;
  return {
    image: pinnedDigest === undefined ? image.reference : `${image.repositoryUri}@${pinnedDigest}`,
    imageInTask: reference,
    registryAuthentication: {
      type: 'ecr',
      ecrAuthData: { registryId, region, repositoryName, account, endpointOverride: endpoint, useExecutionRole: false },
    },
  };
}

/** What ECS sets in every Fargate container, then the definition's own, then the overrides'. */
function environmentOf(
  task: TaskSpec,
  container: ContainerDefinition,
  override: ContainerOverride,
): Record<string, string> {
  // Not set one by one: a variable may be called `__proto__`.
  return Object.fromEntries([
    ['AWS_EXECUTION_ENV', 'AWS_ECS_FARGATE'],
    ['AWS_REGION', task.region],
    ['AWS_DEFAULT_REGION', task.region],
    ...[...(container.environment ?? []), ...(override.environment ?? [])].map(({ name, value = '' }) => [name, value]),
  ]);
}

function dockerConfigOf(container: ContainerDefinition): DockerConfig {
  return {
    User: container.user,
    WorkingDir: container.workingDirectory,
    Tty: container.pseudoTerminal,
    OpenStdin: container.interactive,
    Labels: container.dockerLabels,
    Healthcheck: container.healthCheck && healthcheckOf(container.healthCheck),
  };
}

function healthcheckOf(check: HealthCheck): DockerConfig['Healthcheck'] {
  return {
    Test: check.command ?? [],
    Interval: check.interval! * second,
    Timeout: check.timeout! * second,
    Retries: check.retries!,
    StartPeriod: (check.startPeriod ?? 0) * second,
  };
}

function hostConfigOf(
  task: TaskSpec,
  container: ContainerDefinition,
  memoryReservation: number | undefined,
): DockerHostConfig {
  const { capabilities, initProcessEnabled, tmpfs } = container.linuxParameters ?? {};
  return {
    LogConfig: logConfigOf(task, container),
    MemoryReservation: memoryReservation === undefined ? undefined : memoryReservation * mebibyte,
    ReadonlyRootfs: container.readonlyRootFilesystem,
    Init: initProcessEnabled,
    CapAdd: filled(capabilities?.add),
    CapDrop: filled(capabilities?.drop),
    Tmpfs: recordOf(tmpfs, ({ containerPath, size, mountOptions = [] }) => {
      return [containerPath!, [...mountOptions, `size=${size}m`].join(',')];
    }),
    Sysctls: recordOf(container.systemControls, ({ namespace, value }) => [namespace!, value!]),
    Ulimits: filled(container.ulimits)?.map(({ name, softLimit, hardLimit }) => {
      return { Name: name!, Soft: softLimit!, Hard: hardLimit! };
    }),
  };
}

/** https://docs.aws.amazon.com/AmazonECS/latest/developerguide/specify-log-config.html: streams are prefix/container/task. */
function logConfigOf(task: TaskSpec, container: ContainerDefinition): DockerHostConfig['LogConfig'] {
  const { logDriver, options = {} } = container.logConfiguration ?? {};
  if (logDriver === undefined) return undefined;
  const { 'awslogs-stream-prefix': prefix, ...rest } = options;
  return { Type: logDriver, Config: { ...rest, 'awslogs-stream': `${prefix}/${container.name}/${task.id}` } };
}

function recordOf<T>(
  list: readonly T[] | undefined,
  entryOf: (element: T) => [string, string],
): Record<string, string> | undefined {
  return list?.length ? Object.fromEntries(list.map(entryOf)) : undefined;
}

/** An empty list asks for what the image says, as no list does. */
function filled<T>(list: readonly T[] | undefined): readonly T[] | undefined {
  return list?.length ? list : undefined;
}
