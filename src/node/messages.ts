// The ECS agent's messages: all that a node and the control plane say to each other, in the wire's own field names.
// Source: amazon-ecs-agent's ecs-agent/acs/model and its ecs client (SubmitTaskStateChange). On one machine they pass
// in process; between machines the same shapes travel as the agent's JSON.

/** Where a task or a container is to go, or is, as the agent names it. */
export type DesiredStatus = 'RUNNING' | 'STOPPED';

/** UNKNOWN while no check has passed yet, nor enough have failed. */
export type HealthStatus = 'HEALTHY' | 'UNHEALTHY' | 'UNKNOWN';

/** ACS -> agent: what the tasks named are to be. A stop is a task with `desiredStatus` STOPPED and no containers. */
export interface PayloadMessage {
  readonly clusterArn: string;
  readonly containerInstanceArn: string;
  readonly messageId: string;
  /** Strictly increasing per container instance, also over restarts of the control plane. */
  readonly seqNum: number;
  readonly tasks: readonly PayloadTask[];
}

export interface PayloadTask {
  readonly arn: string;
  readonly taskClusterArn: string;
  readonly family: string;
  readonly version: string;
  readonly desiredStatus: DesiredStatus;
  /**
   * Berth's own member, for a task that is sent again: what the node last reported. Of a RUNNING task the node makes
   * nothing anew; a container that the engine no longer has was removed, and counts as ended.
   */
  readonly lastStatus?: 'PENDING' | 'RUNNING';
  readonly networkMode?: 'awsvpc' | 'bridge' | 'host' | 'none';
  readonly launchType?: 'FARGATE' | 'EC2' | 'EXTERNAL';
  /** vCPUs, the task's hard limit; absent where the task has none. */
  readonly cpu?: number;
  /** MiB, the task's hard limit; absent where the task has none. */
  readonly memory?: number;
  readonly group?: string;
  readonly elasticNetworkInterfaces?: readonly PayloadNetworkInterface[];
  readonly volumes?: readonly PayloadVolume[];
  readonly containers: readonly PayloadContainer[];
}

/** Files of the task's own: made empty before its containers, removed after them. */
export interface PayloadVolume {
  readonly name: string;
  /** With an empty `host`: the node chooses where it lies. */
  readonly type: 'host';
  readonly host: Readonly<Record<string, never>>;
}

export interface PayloadNetworkInterface {
  readonly attachmentArn: string;
  readonly attachType: 'task-eni';
  /** `eni-…` */
  readonly ec2Id: string;
  readonly macAddress: string;
  readonly ipv4Addresses: readonly { readonly primary: boolean; readonly privateAddress: string }[];
  readonly domainNameServers: readonly string[];
  readonly privateDnsName: string;
  /** With the prefix length of the subnet: `172.31.0.1/20`. */
  readonly subnetGatewayIpv4Address: string;
  /** Berth's own member (the real agent is never given task ENIs): the bridge that stands for the VPC on a node. */
  readonly vpc: { readonly id: string; readonly cidrBlock: string; readonly gateway: string };
}

export interface PayloadContainer {
  readonly name: string;
  readonly image: string;
  /** Berth's own member: the image as its task names it, where `image` is how this node reaches the same. */
  readonly imageInTask?: string;
  readonly essential: boolean;
  /** CPU units (1024 a vCPU); 0 where none are set. */
  readonly cpu: number;
  /** MiB, hard limit; 0 where none is set. */
  readonly memory: number;
  readonly entryPoint?: readonly string[];
  readonly command?: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly dependsOn?: readonly {
    readonly containerName: string;
    readonly condition: 'START' | 'COMPLETE' | 'SUCCESS' | 'HEALTHY';
  }[];
  readonly mountPoints?: readonly {
    /** A volume of the task. */
    readonly sourceVolume: string;
    readonly containerPath: string;
    readonly readOnly: boolean;
  }[];
  /** Other containers of the task whose mounts this one gets. */
  readonly volumesFrom?: readonly { readonly sourceContainer: string; readonly readOnly: boolean }[];
  /** Whether the engine checks its health (see {@link DockerConfig}); what an image brings for that is never heeded. */
  readonly healthCheckType?: 'docker';
  /** Seconds. */
  readonly startTimeout?: number;
  /** Seconds between the stop signal and SIGKILL; 30 when absent. */
  readonly stopTimeout?: number;
  readonly containerArn: string;
  readonly registryAuthentication?: {
    readonly type: 'ecr';
    readonly ecrAuthData: {
      readonly registryId: string;
      readonly region: string;
      readonly repositoryName: string;
      /** The task's: the registry decides for it whether it may pull. */
      readonly account: string;
      /** `host:port` that stands for the registry on this node; `image` is already written with it. */
      readonly endpointOverride: string;
      readonly useExecutionRole: boolean;
    };
  };
  /** Docker Engine API JSON, as strings: `config` is ContainerConfig, `hostConfig` is HostConfig (see {@link DockerHostConfig}). */
  readonly dockerConfig: { readonly version: string; readonly config: string; readonly hostConfig: string };
}

/** The members of Docker's ContainerConfig that the control plane sends. */
export interface DockerConfig {
  readonly User?: string;
  readonly WorkingDir?: string;
  readonly Hostname?: string;
  readonly Tty?: boolean;
  readonly OpenStdin?: boolean;
  readonly Labels?: Readonly<Record<string, string>>;
  readonly StopSignal?: string;
  /** Times in nanoseconds. */
  readonly Healthcheck?: {
    /** `CMD` and its arguments, or `CMD-SHELL` and a line. */
    readonly Test: readonly string[];
    readonly Interval: number;
    readonly Timeout: number;
    readonly Retries: number;
    readonly StartPeriod: number;
  };
}

/** The members of Docker's HostConfig that the control plane sends. */
export interface DockerHostConfig {
  readonly LogConfig?: { readonly Type: string; readonly Config: Readonly<Record<string, string>> };
  /** Bytes. */
  readonly MemoryReservation?: number;
  readonly ReadonlyRootfs?: boolean;
  readonly Init?: boolean;
  readonly CapAdd?: readonly string[];
  readonly CapDrop?: readonly string[];
  readonly Ulimits?: readonly { readonly Name: string; readonly Soft: number; readonly Hard: number }[];
  /** Path in the container to mount options, as for mount(8), `size` among them. */
  readonly Tmpfs?: Readonly<Record<string, string>>;
  readonly Sysctls?: Readonly<Record<string, string>>;
  readonly Dns?: readonly string[];
  readonly DnsSearch?: readonly string[];
  readonly ExtraHosts?: readonly string[];
}

/** ACS -> agent, on connecting: every task that the instance is to have. What else runs there is to be stopped. */
export interface TaskManifestMessage {
  readonly clusterArn: string;
  readonly containerInstanceArn: string;
  readonly messageId: string;
  /** Greater than any seqNum and timeline before. */
  readonly timeline: number;
  readonly tasks: readonly {
    readonly taskArn: string;
    readonly taskClusterArn: string;
    readonly desiredStatus: DesiredStatus;
  }[];
}

/** Agent -> ECS: SubmitTaskStateChange. What it says was observed on the engine. */
export interface TaskStateChange {
  readonly cluster: string;
  readonly task: string;
  readonly status: 'PENDING' | 'RUNNING' | 'STOPPED';
  /** Why the task stopped or never ran, e.g. `CannotPullContainerError: …`, `Essential container in task exited`. */
  readonly reason?: string;
  readonly containers: readonly ContainerStateChange[];
  readonly pullStartedAt?: Date;
  readonly pullStoppedAt?: Date;
  readonly executionStoppedAt?: Date;
  readonly attachments?: readonly { readonly attachmentArn: string; readonly status: 'ATTACHED' }[];
}

export interface ContainerStateChange {
  readonly containerName: string;
  /** The engine's container id; absent until it was created. */
  readonly runtimeId?: string;
  readonly status: 'PENDING' | 'RUNNING' | 'STOPPED';
  readonly exitCode?: number;
  /** `OutOfMemoryError: Container killed due to memory usage`, `CannotStartContainerError: …`, … */
  readonly reason?: string;
  readonly imageDigest?: string;
  /** Of a container with a health check, once it ran (the real agent tells it by PublishHealth): what was last heard. */
  readonly healthStatus?: HealthStatus;
}

/** What a node calls. Resolves once the change is durable: until then the node keeps the container. Rejects: try again. */
export interface ControlPlane {
  submitTaskStateChange(change: TaskStateChange): Promise<void>;
}

/** What the control plane calls: a node's end of the ACS connection. Resolves when the node has acknowledged. */
export interface AgentSession {
  payload(message: PayloadMessage): Promise<void>;
  manifest(message: TaskManifestMessage): Promise<void>;
}
