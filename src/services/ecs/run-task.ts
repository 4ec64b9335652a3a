// RunTask: checks what is asked for and writes the tasks that are wanted; task-reconciler does the rest.
import { createHash } from 'node:crypto';
import { hexId, uuid } from '#kernel/id.ts';
import { fraction, type Random } from '#kernel/random.ts';
import type { Tx } from '#kernel/store.ts';
import type { Context, Operation, Out } from '#aws/service.ts';
import type { NetworkInterfaces } from '#services/ec2/ports.ts';
import type { Images } from '#services/ecr/ports.ts';
import { containerArn, parseTaskDefinitionName, taskArn, taskDefinitionArn } from './arns.ts';
import { checkedNetwork, type TaskNetwork } from './check-network.ts';
import { checkedOverrides } from './check-overrides.ts';
import { spreadTasks, strategyOf, type CapacityProviderName } from './capacity-strategy.ts';
import { activeCluster } from './clusters.ts';
import { describeTask } from './describe-task.ts';
import {
  clientTokenConflict,
  invalidParameter,
  platformUnknown,
  taskDefinitionInactive,
  taskDefinitionNotFound,
} from './errors.ts';
import { inCluster, taskKey, taskKind, type TaskDefinitionSpec, type TaskSpec, type TaskStatus } from './kinds.ts';
import type { RunTaskInput, Tag } from './shapes.ts';
import { checkedTags, mergedTags } from './tags.ts';
import { pinnedDigests } from './pin-images.ts';
import { findTaskDefinition } from './task-definitions.ts';
import type { Architecture } from './validate-task-definition.ts';

const mostTasks = 10;
const longestStartedBy = 128;
const longestClientToken = 64;
const tagSources = ['SERVICE', 'NONE', 'TASK_DEFINITION'];
const platformVersion = '1.4.0';

export interface RunTaskOptions {
  readonly random: Random;
  readonly images: Pick<Images, 'digest'>;
  readonly networkInterfaces: Pick<NetworkInterfaces, 'subnet' | 'securityGroupVpc' | 'defaultSecurityGroup'>;
  readonly architecture: Architecture;
}

export function runTaskOperation(options: RunTaskOptions): Operation<RunTaskInput, Out<'ecs', 'RunTask'>> {
  return {
    accepts: {
      cluster: true,
      taskDefinition: true,
      count: true,
      launchType: true,
      capacityProviderStrategy: true,
      platformVersion: true,
      networkConfiguration: { awsvpcConfiguration: { subnets: true, securityGroups: true, assignPublicIp: true } },
      overrides: {
        cpu: true,
        memory: true,
        ephemeralStorage: true,
        containerOverrides: {
          name: true,
          command: true,
          environment: true,
          cpu: true,
          memory: true,
          memoryReservation: true,
        },
      },
      group: true,
      startedBy: true,
      tags: true,
      propagateTags: true,
      enableECSManagedTags: true,
      enableExecuteCommand: true,
      clientToken: true,
      referenceId: true,
    },
    resource({ taskDefinition = '' }, context) {
      const { family, revision } = parseTaskDefinitionName(context, taskDefinition);
      return taskDefinitionArn(context, family, revision ?? '*');
    },
    run(input, tx, context) {
      const before = tasksOfToken(input, tx, context);
      const tasks = before ?? runTasks(input, tx, context, options);
      return { tasks: tasks.map((task) => describeTask(task, options.architecture, true)), failures: [] };
    },
  };
}

interface Written {
  readonly spec: TaskSpec;
  readonly status: TaskStatus;
}

/** The tasks that the same request made before, if it did. Throws ConflictException where it was another request. */
function tasksOfToken(input: RunTaskInput, tx: Tx, context: Context): readonly Written[] | undefined {
  if (!input.clientToken) return undefined;
  const cluster = activeCluster(tx, context, input.cluster);
  const found = tx.by(taskKind, 'clientToken', inCluster(cluster, cluster.name, input.clientToken));
  if (found.length === 0) return undefined;
  if (found.some(({ spec }) => spec.request?.digest !== digestOf(input))) {
    throw clientTokenConflict(found.map(({ spec }) => taskArn(spec, spec.clusterName, spec.id)));
  }
  return found;
}

function runTasks(input: RunTaskInput, tx: Tx, context: Context, options: RunTaskOptions): Written[] {
  const cluster = activeCluster(tx, context, input.cluster);
  const count = input.count ?? 1;
  if (!Number.isInteger(count) || count < 1 || count > mostTasks) {
    throw invalidParameter(`count must be between 1 and ${mostTasks}.`);
  }
  const definition = checkedDefinition(input, tx, context);
  const strategy = strategyOf(input, cluster);
  // Fargate's are the only capacity providers that there are.
  checkLaunch(strategy === undefined ? input : { ...input, launchType: 'FARGATE' }, definition);
  checkNames(input);
  if (input.enableExecuteCommand) throw invalidParameter('Berth does not support execute-command yet.');
  const network = checkedNetwork(input.networkConfiguration, options.networkInterfaces, tx, context);
  const wanted = {
    input,
    definition,
    network,
    clusterName: cluster.name,
    digests: pinnedDigests(definition, options.images, tx, context.account),
    tags: tagsOf(input, definition, cluster.name),
  };
  const providers = strategy && spreadTasks(strategy, count);
  const first = Math.floor(fraction(options.random) * network.subnets.length);
  return Array.from({ length: count }, (_, at) => {
    const subnet = network.subnets[(first + at) % network.subnets.length]!;
    const spec = taskSpec(wanted, { subnet, capacityProvider: providers?.[at] }, context, options.random);
    const status: TaskStatus = {
      lastStatus: 'PROVISIONING',
      version: 1,
      containers: spec.containers.map(({ name }) => ({ name, lastStatus: 'PENDING' })),
    };
    return tx.put(taskKind, taskKey(spec, spec.clusterName, spec.id), { spec, status });
  });
}

/** https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html: what a caller may name its tasks by. */
function checkNames({ startedBy = '', clientToken = '' }: RunTaskInput): void {
  if (startedBy.length > longestStartedBy) {
    throw invalidParameter(`startedBy must be at most ${longestStartedBy} characters.`);
  }
  if (clientToken.length > longestClientToken || !/^[\x21-\x7e]*$/.test(clientToken)) {
    throw invalidParameter(`clientToken must be at most ${longestClientToken} ASCII characters, none of them a space.`);
  }
}

function checkedDefinition(input: RunTaskInput, tx: Tx, context: Context): TaskDefinitionSpec {
  const definition = findTaskDefinition(tx, context, input.taskDefinition ?? '');
  if (definition === undefined) throw taskDefinitionNotFound();
  if (definition.status !== 'ACTIVE') throw taskDefinitionInactive();
  return definition;
}

/** No container instances can join yet: what asks for one is answered as on AWS, where none has joined. */
function checkLaunch(input: RunTaskInput, definition: TaskDefinitionSpec): void {
  const { launchType = 'EC2', platformVersion: version, group, propagateTags } = input;
  if (launchType !== 'EC2' && launchType !== 'FARGATE' && launchType !== 'EXTERNAL') {
    throw invalidParameter('launch type should be one of [EC2,FARGATE,EXTERNAL]');
  }
  if (!definition.compatibilities.includes(launchType)) {
    throw invalidParameter(`Task definition does not support launch_type ${launchType}.`);
  }
  if (launchType !== 'FARGATE') throw invalidParameter('No Container Instances were found in your cluster.');
  if (version !== undefined && version !== 'LATEST' && version !== platformVersion) throw platformUnknown(version);
  if (group?.startsWith('family:') === true && group !== `family:${definition.family}`) {
    throw invalidParameter(`The group '${group}' is reserved for tasks of that family.`);
  }
  if (group?.startsWith('service:'))
    throw invalidParameter("Invalid namespace for group. Namespace 'service:' is reserved.");
  if (propagateTags !== undefined && !tagSources.includes(propagateTags)) {
    throw invalidParameter(`propagateTags should be one of [${tagSources.join(',')}]`);
  }
  if (propagateTags === 'SERVICE') {
    throw invalidParameter('propagateTags cannot be SERVICE for a task that no service starts.');
  }
}

function tagsOf(input: RunTaskInput, definition: TaskDefinitionSpec, clusterName: string): Tag[] {
  const propagated = input.propagateTags === 'TASK_DEFINITION' ? definition.tags : [];
  const managed = input.enableECSManagedTags ? [{ key: 'aws:ecs:clusterName', value: clusterName }] : [];
  return mergedTags(mergedTags(managed, propagated), checkedTags(input.tags));
}

interface Wanted {
  readonly input: RunTaskInput;
  readonly definition: TaskDefinitionSpec;
  readonly network: TaskNetwork;
  readonly clusterName: string;
  readonly digests: ReadonlyMap<string, string>;
  readonly tags: readonly Tag[];
}

/** Where one of the tasks goes. */
interface Place {
  readonly subnet: TaskNetwork['subnets'][number];
  readonly capacityProvider: CapacityProviderName | undefined;
}

function taskSpec(wanted: Wanted, { subnet, capacityProvider }: Place, context: Context, random: Random): TaskSpec {
  const { input, definition, network, clusterName, digests, tags } = wanted;
  const { account, region } = context;
  const id = hexId(random);
  const { cpu, memory, ephemeralStorage, overrides, containers } = checkedOverrides(definition, input.overrides);
  return {
    account,
    region,
    id,
    clusterName,
    family: definition.family,
    revision: definition.revision,
    launchType: 'FARGATE',
    capacityProvider,
    platformVersion,
    cpu,
    memory,
    ephemeralStorage,
    group: input.group ?? `family:${definition.family}`,
    startedBy: input.startedBy,
    containers: containers.map((each) => ({
      ...each,
      pinnedDigest: digests.get(each.name),
      arn: containerArn(context, clusterName, id, uuid(random)),
    })),
    overrides,
    network: {
      attachmentId: uuid(random),
      subnetId: subnet.subnetId,
      availabilityZone: subnet.availabilityZone,
      securityGroupIds: network.securityGroupIds,
    },
    tags,
    createdAt: context.now.getTime(),
    request: input.clientToken ? { clientToken: input.clientToken, digest: digestOf(input) } : undefined,
  };
}

/** Of everything that a request asks for; object members in one order, whatever the order of the wire. */
function digestOf(input: RunTaskInput): string {
  const text = JSON.stringify(input, (_name, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
  return createHash('sha256').update(text).digest('base64');
}
