// What ecs keeps, and who writes each field. Times are epoch milliseconds.
import { scopedKey, type Scope } from '#kernel/arn.ts';
import type { Kind } from '#kernel/store.ts';
import type { CapacityProviderName, StrategyItem } from './capacity-strategy.ts';
import type { ContainerInsights } from './cluster-configuration.ts';
import { desiredStatusOf, type State } from './lifecycle.ts';
import type {
  HealthStatus,
  Attribute,
  Compatibility,
  ContainerDefinition,
  ExecuteCommandConfiguration,
  NetworkMode,
  RuntimePlatform,
  SettingName,
  StopCode,
  Tag,
  TaskOverride,
  Volume,
} from './shapes.ts';

/** A kind without an observed part. */
type Plain = Readonly<Record<string, never>>;
export const nothingObserved: Plain = {};

/** Written by the handlers of clusters; deleted by cluster-reconciler some time after it went INACTIVE. */
export interface ClusterSpec extends Scope {
  readonly name: string;
  readonly status: 'ACTIVE' | 'INACTIVE';
  readonly tags: readonly Tag[];
  readonly containerInsights: ContainerInsights;
  readonly executeCommand?: ExecuteCommandConfiguration;
  readonly capacityProviders: readonly CapacityProviderName[];
  /** Of tasks that name neither a launch type nor a strategy; empty where there is none. */
  readonly defaultStrategy: readonly StrategyItem[];
  /** Present while INACTIVE. */
  readonly inactiveAt?: number;
}

export const clusterKind: Kind<ClusterSpec, Plain> = {
  name: 'ecs/cluster',
  version: 2,
  upgrade: ({ spec }) => {
    // Version 1 knew neither settings nor capacity providers.
    const unset = { containerInsights: 'disabled', capacityProviders: [], defaultStrategy: [] } as const;
    return { spec: { ...unset, ...(spec as ClusterSpec) }, status: nothingObserved };
  },
};

export function clusterKey(scope: Scope, name: string): string {
  return scopedKey(scope, name);
}

/** Written by the handlers of account settings. */
export interface AccountSettingSpec {
  readonly name: SettingName;
  readonly value: string;
  /** Whose it is; the root's are the account's defaults. */
  readonly principalArn: string;
}

export const accountSettingKind: Kind<AccountSettingSpec, Plain> = { name: 'ecs/account-setting', version: 1 };

export function accountSettingKey(scope: Scope, principalArn: string, name: string): string {
  return scopedKey(scope, principalArn, name);
}

/** Of directories that an earlier Berth wrote into: no revision up to this one is free. Nobody writes it any more. */
export interface FamilySpec {
  readonly latestRevision: number;
}

export const familyKind: Kind<FamilySpec, Plain> = { name: 'ecs/family', version: 1 };

export function familyKey(scope: Scope, family: string): string {
  return scopedKey(scope, family);
}

/** Written by RegisterTaskDefinition (all), DeregisterTaskDefinition (status) and tagging (tags). */
export interface TaskDefinitionSpec extends Scope {
  readonly family: string;
  readonly revision: number;
  readonly status: 'ACTIVE' | 'INACTIVE';
  readonly containerDefinitions: readonly ContainerDefinition[];
  readonly networkMode?: NetworkMode;
  /** CPU units, digits only. */
  readonly cpu?: string;
  /** MiB, digits only. */
  readonly memory?: string;
  /** Of the task's own, empty when it begins. */
  readonly volumes?: readonly Volume[];
  /** GiB; 20 when absent. */
  readonly ephemeralStorage?: number;
  readonly runtimePlatform?: RuntimePlatform;
  readonly requiresCompatibilities?: readonly Compatibility[];
  readonly compatibilities: readonly Compatibility[];
  readonly requiresAttributes: readonly Attribute[];
  readonly tags: readonly Tag[];
  readonly registeredAt: number;
  /** ARN of the principal. */
  readonly registeredBy: string;
  readonly deregisteredAt?: number;
}

export const taskDefinitionKind: Kind<TaskDefinitionSpec, Plain> = {
  name: 'ecs/task-definition',
  version: 1,
  residence: 'text',
  indexes: { status: ({ spec }) => inStatus(spec, spec.status) },
};

/** The value under which a definition is filed in the index `status`. */
export function inStatus(scope: Scope, status: string): string {
  return scopedKey(scope, status);
}

/** Revisions are padded, so that keys are in their order. */
export function taskDefinitionKey(scope: Scope, family: string, revision: number): string {
  return `${revisionsPrefix(scope, family)}${String(revision).padStart(10, '0')}`;
}

/** What the keys of all revisions of a family begin with, and no others. */
export function revisionsPrefix(scope: Scope, family: string): string {
  return `${familyKey(scope, family)}:`;
}

/** The family and revision in such a key. */
export function parseTaskDefinitionKey(key: string): Pick<TaskDefinitionSpec, 'family' | 'revision'> {
  const colon = key.lastIndexOf(':');
  return { family: key.slice(key.lastIndexOf('/') + 1, colon), revision: Number(key.slice(colon + 1)) };
}

/** A container as the definition and the overrides want it. */
export interface ContainerSpec {
  readonly name: string;
  readonly arn: string;
  /** As the definition names it. */
  readonly image: string;
  /** What its tag stood for when the task was asked for, where our own registry knew: the node runs this and no other. */
  readonly pinnedDigest?: string;
  /** CPU units. */
  readonly cpu: number;
  /** MiB. */
  readonly memory?: number;
  readonly memoryReservation?: number;
  /** Absent where its end is the task's, and its health counts for the task's. */
  readonly essential?: false;
}

/** Written by RunTask; `stop` by StopTask, `tags` by tagging. */
export interface TaskSpec extends Scope {
  readonly id: string;
  readonly clusterName: string;
  readonly family: string;
  readonly revision: number;
  readonly launchType: 'FARGATE';
  /** Present where a strategy placed it. */
  readonly capacityProvider?: CapacityProviderName;
  readonly platformVersion: string;
  /** CPU units, digits only. */
  readonly cpu: string;
  /** MiB, digits only. */
  readonly memory: string;
  /** GiB; 20 when absent. Told, not enforced: an engine cannot limit what a container writes. */
  readonly ephemeralStorage?: number;
  readonly group: string;
  readonly startedBy?: string;
  readonly containers: readonly ContainerSpec[];
  readonly overrides: TaskOverride;
  readonly network: {
    readonly attachmentId: string;
    readonly subnetId: string;
    readonly availabilityZone: string;
    readonly securityGroupIds: readonly string[];
  };
  readonly tags: readonly Tag[];
  readonly createdAt: number;
  /** The RunTask call that it belongs to: its client token, and a digest of its parameters. */
  readonly request?: { readonly clientToken: string; readonly digest: string };
  /** It is to end, or never to begin. */
  readonly stop?: { readonly code: StopCode; readonly reason: string; readonly at: number };
}

export interface ContainerStatus {
  readonly name: string;
  readonly lastStatus: 'PENDING' | 'RUNNING' | 'STOPPED';
  readonly runtimeId?: string;
  readonly exitCode?: number;
  readonly reason?: string;
  readonly imageDigest?: string;
  /** What was last heard of it; absent where it has no health check. */
  readonly healthStatus?: HealthStatus;
}

/** The interface that a task was given, or had. */
export interface TaskInterface {
  readonly networkInterfaceId: string;
  readonly macAddress: string;
  readonly privateDnsName: string;
  readonly privateIpAddress: string;
  readonly status: 'ATTACHING' | 'ATTACHED' | 'DETACHING' | 'DELETED';
}

/**
 * Written by task-reconciler (interface, lastStatus outside of what a node reports) and by control-plane (all that a
 * node reports: containers, times of pull and execution, RUNNING, DEPROVISIONING). Both move it by lifecycle.ts alone.
 */
export interface TaskStatus {
  readonly lastStatus: State;
  /** Counts the changes that a user can see. */
  readonly version: number;
  readonly containers: readonly ContainerStatus[];
  readonly networkInterface?: TaskInterface;
  /** When a node first spoke of it. */
  readonly connectivityAt?: number;
  readonly pullStartedAt?: number;
  readonly pullStoppedAt?: number;
  readonly startedAt?: number;
  readonly stoppingAt?: number;
  readonly executionStoppedAt?: number;
  readonly stoppedAt?: number;
  /** How it ended where nobody had asked for it. */
  readonly stopCode?: StopCode;
  readonly stoppedReason?: string;
}

export const taskKind: Kind<TaskSpec, TaskStatus> = {
  name: 'ecs/task',
  version: 1,
  indexes: {
    clusterState: ({ spec, status }) => inCluster(spec, spec.clusterName, status.lastStatus),
    clusterDesired: ({ spec, status }) =>
      inCluster(spec, spec.clusterName, desiredStatusOf(status.lastStatus, spec.stop !== undefined)),
    clusterFamily: ({ spec }) => inCluster(spec, spec.clusterName, spec.family),
    clusterStartedBy: ({ spec }) => spec.startedBy && inCluster(spec, spec.clusterName, spec.startedBy),
    clientToken: ({ spec }) => spec.request && inCluster(spec, spec.clusterName, spec.request.clientToken),
    live: ({ status }) => (status.lastStatus === 'STOPPED' ? undefined : 'live'),
  },
};

/** The value under which a task of a cluster is filed in the `cluster…` and `clientToken` indexes. */
export function inCluster(scope: Scope, cluster: string, value: string): string {
  return `${clusterKey(scope, cluster)}|${value}`;
}

export function taskKey(scope: Scope, cluster: string, id: string): string {
  return scopedKey(scope, cluster, id);
}

/** Where the talk with a node stands. Written by agent-link. */
export interface AgentStatus {
  /** No seqNum or timeline above it was ever sent. */
  readonly reservedSequence: number;
  /** Grows each time the node is to be told anew which tasks it should have. */
  readonly manifestsWanted: number;
}

export const agentKind: Kind<Plain, AgentStatus> = { name: 'ecs/agent', version: 1 };

/** The kinds of this service. */
export const ecsKinds = [clusterKind, accountSettingKind, familyKind, taskDefinitionKind, taskKind, agentKind];
