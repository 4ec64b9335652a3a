// The container engine's contract: what a node asks of the engine that runs its containers.
// Real: runtime-docker/ (Docker Engine API >= 1.41). Fake: runtime-fake.ts. Both pass runtime.suite.ts.

/** What a registry wants to know before it lets an image be pulled. */
export interface RegistryAuth {
  readonly username: string;
  readonly password: string;
}

export interface Image {
  /** The engine's own id of the image's configuration, `sha256:…`. */
  readonly id: string;
  /** `repository@sha256:…` references that the engine knows for it. */
  readonly repoDigests: readonly string[];
  /** Bytes on disk. */
  readonly size: number;
}

/** The network a container joins. */
export type ContainerNetwork =
  | { readonly mode: 'none' }
  | { readonly mode: 'host' }
  /** A bridge made by `ensureNetwork`, at a fixed address of its subnet. */
  | { readonly mode: 'bridge'; readonly network: string; readonly ipv4Address: string; readonly macAddress?: string }
  /** The network namespace of another container. */
  | { readonly mode: 'container'; readonly id: string };

/** A volume made by `ensureVolume`, where a container sees it. */
export interface Mount {
  readonly volume: string;
  readonly target: string;
  readonly readOnly: boolean;
}

/** A file system in memory, counted to its container's memory and gone with it. */
export interface Tmpfs {
  readonly target: string;
  /** As for mount(8), with commas between them: `rw,noexec,size=64m`. */
  readonly options: string;
}

/** A container whose mounts another one gets, at the same paths. */
export interface VolumesFrom {
  /** Id or name; it must be there when the other one is made. */
  readonly container: string;
  readonly readOnly: boolean;
}

export interface Ulimit {
  readonly name: string;
  readonly soft: number;
  readonly hard: number;
}

/** How the engine finds out, while a container runs, whether it is well. */
export interface HealthCheck {
  /** `['CMD', program, …]` or `['CMD-SHELL', line]`: code 0 within `timeoutMs` means healthy. */
  readonly command: readonly string[];
  /** From the start or the end of one check to the next. */
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** So many failures in a row make it unhealthy. */
  readonly retries: number;
  /** From the start: failures do not count until one check has passed. 0 for none. */
  readonly startPeriodMs: number;
}

/** `starting`: no check has passed yet, nor have enough failed. */
export type Health = 'starting' | 'healthy' | 'unhealthy';

/** A container as it is to be made. Absent members keep the image's or the engine's default. */
export interface ContainerSpec {
  /** Unique on the engine; made names are free again once the container is removed. */
  readonly name: string;
  readonly image: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly network: ContainerNetwork;
  readonly entryPoint?: readonly string[];
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly workingDirectory?: string;
  readonly user?: string;
  readonly hostname?: string;
  readonly mounts?: readonly Mount[];
  readonly tmpfs?: readonly Tmpfs[];
  readonly volumesFrom?: readonly VolumesFrom[];
  /** Hard limit, bytes. */
  readonly memoryBytes?: number;
  /** Soft limit, bytes. */
  readonly memoryReservationBytes?: number;
  /** Relative weight; 1024 is one vCPU's. */
  readonly cpuShares?: number;
  /** Hard limit in billionths of a CPU. */
  readonly nanoCpus?: number;
  readonly pidsLimit?: number;
  readonly ulimits?: readonly Ulimit[];
  /** Kernel parameters of its IPC and network namespaces, set when it starts. */
  readonly sysctls?: Readonly<Record<string, string>>;
  readonly readOnlyRootFilesystem?: boolean;
  /** Runs an init as process 1 that reaps children and passes signals on. */
  readonly init?: boolean;
  readonly tty?: boolean;
  /** Keeps standard input open. */
  readonly interactive?: boolean;
  readonly capabilitiesAdd?: readonly string[];
  readonly capabilitiesDrop?: readonly string[];
  /** When true, processes cannot gain privileges (setuid, file capabilities). */
  readonly noNewPrivileges?: boolean;
  readonly dnsServers?: readonly string[];
  readonly dnsSearchDomains?: readonly string[];
  readonly extraHosts?: readonly { readonly hostname: string; readonly ipAddress: string }[];
  /** The signal that `stop` sends first; the image's or SIGTERM when absent. */
  readonly stopSignal?: string;
  /** `none` switches off what the image brings. */
  readonly healthCheck?: HealthCheck | 'none';
}

export type ContainerPhase = 'created' | 'running' | 'paused' | 'exited' | 'removing' | 'dead';

/** A container as the engine sees it now. */
export interface Container {
  readonly id: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly phase: ContainerPhase;
  /** The image's id, `sha256:…`. */
  readonly imageId: string;
  readonly createdAt: Date;
  readonly startedAt?: Date;
  readonly finishedAt?: Date;
  /** Present once it ran and ended (0–255), or failed to start (as the engine gives it: 126, 127, 128). */
  readonly exitCode?: number;
  readonly outOfMemory: boolean;
  /** What the engine said when the container could not start. */
  readonly error?: string;
  /** Present only while it runs (a paused one is not checked) and has a health check. */
  readonly health?: Health;
}

/** Something that happened to a container. What it is now is `inspect`'s to say. */
export interface ContainerEvent {
  readonly id: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly action: 'start' | 'die' | 'oom' | 'remove' | 'pause' | 'unpause' | 'health';
  readonly at: Date;
}

/** One line that a container wrote (or a part of an over-long one), without its line end. */
export interface LogLine {
  readonly stream: 'stdout' | 'stderr';
  /** When the engine read it: RFC 3339 with nanoseconds, the position to resume after. */
  readonly timestamp: string;
  readonly text: string;
}

export interface NetworkSpec {
  readonly name: string;
  /** CIDR, e.g. `172.31.0.0/16`. */
  readonly subnet: string;
  /** The bridge's own address in the subnet. */
  readonly gateway: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Files that outlive containers. An empty one that is mounted is filled with what the image has at that path. */
export interface Volume {
  /** Of Docker's alphabet (`[a-zA-Z0-9][a-zA-Z0-9_.-]*`), 255 characters at most. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Resource use of a container at one moment. */
export interface ContainerStats {
  readonly at: Date;
  /** CPU time used since the start, nanoseconds, all CPUs added up. */
  readonly cpuNanoseconds: number;
  /** Without the page cache, bytes. */
  readonly memoryBytes: number;
  readonly networkReceivedBytes: number;
  readonly networkSentBytes: number;
  readonly blockReadBytes: number;
  readonly blockWrittenBytes: number;
}

/** A failure that the engine reported, in its own words. */
export class RuntimeError extends Error {
  override readonly name = 'RuntimeError';
  readonly reason: RuntimeErrorReason;

  constructor(reason: RuntimeErrorReason, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.reason = reason;
  }
}

/**
 * `not-found`: no such image, container, network or volume. `denied`: the registry refused. `conflict`: the name or address is
 * taken, or the container's phase forbids the call. `invalid`: the engine refused the parameters. `unavailable`: the
 * engine does not answer. `failed`: it answered that it failed (e.g. the entry point cannot be executed).
 */
export type RuntimeErrorReason = 'not-found' | 'denied' | 'conflict' | 'invalid' | 'unavailable' | 'failed';

/** Every call may throw {@link RuntimeError}. */
export interface Runtime {
  /** The engine's version, e.g. `20.10.24`; throws `unavailable` where it does not answer. */
  version(): Promise<string>;
  /** Fetches an image and gives what was fetched. */
  pull(reference: string, auth: RegistryAuth | undefined, signal: AbortSignal): Promise<Image>;
  /** The image that the engine has under a reference, or undefined. */
  image(reference: string): Promise<Image | undefined>;
  /** Makes an image of one statically linked program with its arguments; a no-op where `reference` exists already. */
  makeImage(reference: string, program: { readonly path: string; readonly argv: readonly string[] }): Promise<Image>;
  /** Makes a bridge network, or finds the same one; throws `conflict` where its subnet overlaps another's. */
  ensureNetwork(spec: NetworkSpec): Promise<void>;
  /** The names of the networks that carry all of the labels. */
  networks(labels: Readonly<Record<string, string>>): Promise<string[]>;
  /** Removes a network; nothing happens where there is none. Throws `conflict` while containers use it. */
  removeNetwork(name: string): Promise<void>;
  /** Makes a volume, or finds the one that has its name and labels; throws `conflict` where it has others. */
  ensureVolume(spec: Volume): Promise<void>;
  /** The volumes that carry all of the labels (a value of '' asks for the label alone). */
  volumes(labels: Readonly<Record<string, string>>): Promise<Volume[]>;
  /** Removes a volume and its files; nothing happens where there is none. Throws `conflict` while a container has it. */
  removeVolume(name: string): Promise<void>;
  /** Makes a container without starting it; gives its id. Throws `conflict` where the name is taken. */
  create(spec: ContainerSpec): Promise<string>;
  /** Starts it; nothing happens where it runs already. */
  start(id: string): Promise<void>;
  /** Sends the stop signal, then SIGKILL after `timeoutSeconds`; resolves once it ended. Nothing happens where it has. */
  stop(id: string, timeoutSeconds: number): Promise<void>;
  /** Sends a signal, e.g. `SIGKILL`; nothing happens where it does not run. */
  kill(id: string, signal: string): Promise<void>;
  /** Removes it and its anonymous volumes, killing it where it runs; nothing happens where there is none. */
  remove(id: string): Promise<void>;
  /** By id or name; undefined where there is none. */
  inspect(id: string): Promise<Container | undefined>;
  /** Every container, in any phase, that carries all of the labels (a value of '' asks for the label alone). */
  list(labels: Readonly<Record<string, string>>): Promise<Container[]>;
  /**
   * Events of containers that carry `label`, from the call on. Ends quietly when `signal` aborts; throws `unavailable`
   * when the engine goes away: whoever listens then lists again, since events were missed.
   */
  events(label: string, signal: AbortSignal): AsyncIterable<ContainerEvent>;
  /**
   * What a container wrote, from the line after `after` (a LogLine's timestamp) or from its beginning, following it
   * until it ends. Lines with the same timestamp as `after` are given again: the caller knows which it has.
   */
  logs(id: string, after: string | undefined, signal: AbortSignal): AsyncIterable<LogLine>;
  /** Undefined where the container does not run. */
  stats(id: string): Promise<ContainerStats | undefined>;
}
