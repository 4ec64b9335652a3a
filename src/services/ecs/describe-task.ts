// A task as DescribeTasks answers it. Pure.
import { taskArn, clusterArn, taskDefinitionArn } from './arns.ts';
import type { ContainerSpec, ContainerStatus, TaskInterface, TaskSpec, TaskStatus } from './kinds.ts';
import { desiredStatusOf } from './lifecycle.ts';
import { taskHealth } from './task-health.ts';
import type { TaskShape } from './shapes.ts';
import type { Architecture } from './validate-task-definition.ts';

/** GiB. https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-task-storage.html */
const defaultStorage = 20;

/** Tags are shown only where they were asked for. */
export function describeTask(
  { spec, status }: { readonly spec: TaskSpec; readonly status: TaskStatus },
  architecture: Architecture,
  withTags: boolean,
): TaskShape {
  const arn = taskArn(spec, spec.clusterName, spec.id);
  return {
    taskArn: arn,
    clusterArn: clusterArn(spec, spec.clusterName),
    taskDefinitionArn: taskDefinitionArn(spec, spec.family, spec.revision),
    lastStatus: status.lastStatus,
    desiredStatus: desiredStatusOf(status.lastStatus, spec.stop !== undefined),
    version: status.version,
    cpu: spec.cpu,
    memory: spec.memory,
    ephemeralStorage: { sizeInGiB: spec.ephemeralStorage ?? defaultStorage },
    fargateEphemeralStorage: { sizeInGiB: spec.ephemeralStorage ?? defaultStorage },
    group: spec.group,
    startedBy: spec.startedBy,
    launchType: spec.launchType,
    capacityProviderName: spec.capacityProvider,
    platformVersion: spec.platformVersion,
    platformFamily: 'Linux',
    availabilityZone: spec.network.availabilityZone,
    attachments: [describeAttachment(spec, status.networkInterface)],
    attributes: [{ name: 'ecs.cpu-architecture', value: architecture === 'ARM64' ? 'arm64' : 'x86_64' }],
    containers: spec.containers.map((container, at) =>
      describeContainer(container, status.containers[at], arn, { spec, status }),
    ),
    healthStatus: taskHealth(spec.containers, status.containers),
    enableExecuteCommand: false,
    inferenceAccelerators: [],
    overrides: { inferenceAcceleratorOverrides: [], ...spec.overrides },
    tags: withTags ? [...spec.tags] : [],
    connectivity: status.connectivityAt === undefined ? undefined : 'CONNECTED',
    ...timesOf(spec, status),
    stopCode: spec.stop?.code ?? status.stopCode,
    stoppedReason: spec.stop?.reason ?? status.stoppedReason,
  };
}

function timesOf(spec: TaskSpec, status: TaskStatus): Partial<TaskShape> {
  return {
    createdAt: new Date(spec.createdAt),
    connectivityAt: date(status.connectivityAt),
    pullStartedAt: date(status.pullStartedAt),
    pullStoppedAt: date(status.pullStoppedAt),
    startedAt: date(status.startedAt),
    stoppingAt: date(status.stoppingAt ?? spec.stop?.at),
    executionStoppedAt: date(status.executionStoppedAt),
    stoppedAt: date(status.stoppedAt),
  };
}

function date(milliseconds: number | undefined): Date | undefined {
  return milliseconds === undefined ? undefined : new Date(milliseconds);
}

type AttachmentShape = NonNullable<TaskShape['attachments']>[number];

function describeAttachment(spec: TaskSpec, networkInterface: TaskInterface | undefined): AttachmentShape {
  const details = [{ name: 'subnetId', value: spec.network.subnetId }];
  if (networkInterface !== undefined) {
    details.push(
      { name: 'networkInterfaceId', value: networkInterface.networkInterfaceId },
      { name: 'macAddress', value: networkInterface.macAddress },
      { name: 'privateDnsName', value: networkInterface.privateDnsName },
      { name: 'privateIPv4Address', value: networkInterface.privateIpAddress },
    );
  }
  return {
    id: spec.network.attachmentId,
    type: 'ElasticNetworkInterface',
    status: networkInterface?.status ?? 'PRECREATED',
    details,
  };
}

type ContainerShape = NonNullable<TaskShape['containers']>[number];

function describeContainer(
  container: ContainerSpec,
  observed: ContainerStatus | undefined,
  arn: string,
  { spec, status }: { readonly spec: TaskSpec; readonly status: TaskStatus },
): ContainerShape {
  const address = status.networkInterface?.privateIpAddress;
  return {
    containerArn: container.arn,
    taskArn: arn,
    name: container.name,
    image: container.image,
    imageDigest: observed?.imageDigest,
    runtimeId: observed?.runtimeId,
    lastStatus: observed?.lastStatus ?? 'PENDING',
    exitCode: observed?.exitCode,
    reason: observed?.reason,
    networkBindings: [],
    networkInterfaces: address ? [{ attachmentId: spec.network.attachmentId, privateIpv4Address: address }] : [],
    healthStatus: observed?.healthStatus ?? 'UNKNOWN',
    cpu: String(container.cpu),
    memory: container.memory?.toString(),
    memoryReservation: container.memoryReservation?.toString(),
  };
}
