// The SDK's shapes that ecs keeps and answers with, by short names.
import type { In, Out } from '#aws/service.ts';

export type RegisterInput = In<'ecs', 'RegisterTaskDefinition'>;
export type ContainerDefinition = NonNullable<RegisterInput['containerDefinitions']>[number];
export type Volume = NonNullable<RegisterInput['volumes']>[number];
export type PortMapping = NonNullable<ContainerDefinition['portMappings']>[number];
export type LogConfiguration = NonNullable<ContainerDefinition['logConfiguration']>;
export type HealthCheck = NonNullable<ContainerDefinition['healthCheck']>;
export type HealthStatus = NonNullable<TaskShape['healthStatus']>;
export type Compatibility = NonNullable<RegisterInput['requiresCompatibilities']>[number];
export type RuntimePlatform = NonNullable<RegisterInput['runtimePlatform']>;
export type NetworkMode = NonNullable<RegisterInput['networkMode']>;
export type TaskDefinitionShape = NonNullable<Out<'ecs', 'RegisterTaskDefinition'>['taskDefinition']>;
export type Attribute = NonNullable<TaskDefinitionShape['requiresAttributes']>[number];

export type RunTaskInput = In<'ecs', 'RunTask'>;
export type TaskOverride = NonNullable<RunTaskInput['overrides']>;
export type ContainerOverride = NonNullable<TaskOverride['containerOverrides']>[number];
export type TaskShape = NonNullable<Out<'ecs', 'RunTask'>['tasks']>[number];
export type StopCode = NonNullable<TaskShape['stopCode']>;
export type Failure = NonNullable<Out<'ecs', 'RunTask'>['failures']>[number];

export type CreateClusterInput = In<'ecs', 'CreateCluster'>;
export type ClusterSettingShape = NonNullable<CreateClusterInput['settings']>[number];
export type ClusterConfigurationShape = NonNullable<CreateClusterInput['configuration']>;
export type ExecuteCommandConfiguration = NonNullable<ClusterConfigurationShape['executeCommandConfiguration']>;
export type StrategyItemShape = NonNullable<CreateClusterInput['defaultCapacityProviderStrategy']>[number];
export type SettingName = NonNullable<NonNullable<Out<'ecs', 'ListAccountSettings'>['settings']>[number]['name']>;
export type ClusterShape = NonNullable<Out<'ecs', 'CreateCluster'>['cluster']>;
export type ClusterField = NonNullable<In<'ecs', 'DescribeClusters'>['include']>[number];

/** A tag as the model has it; both members are there once it was checked. */
export interface Tag {
  readonly key: string;
  readonly value: string;
}
