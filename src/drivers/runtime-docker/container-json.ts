// Containers in the engine's JSON: a spec as the body of a create call, an inspection as a Container.
import type {
  Container,
  ContainerNetwork,
  ContainerPhase,
  ContainerSpec,
  Health,
  HealthCheck,
} from '#drivers/runtime.ts';

/**
 * json-file, blocking: a container waits rather than lose a line. Whoever follows reads from these files. Falling more
 * than a whole file behind, dockerd's follow leaves a file out, so files are large; two of 64 MiB let a follower be away
 * or behind for 64 MiB before the oldest lines are gone, and bound the disk that a container can fill.
 */
const logConfig = { Type: 'json-file', Config: { 'max-size': '64m', 'max-file': '2', mode: 'blocking' } };

/** The body of POST /containers/create. `endpointMac`: since API 1.44 the MAC address belongs to the endpoint. */
export function createBody(spec: ContainerSpec, endpointMac: boolean): object {
  const { network } = spec;
  const macAddress = network.mode === 'bridge' ? network.macAddress : undefined;
  return {
    Image: spec.image,
    Labels: spec.labels,
    Entrypoint: spec.entryPoint,
    Cmd: spec.command,
    Env: spec.environment && Object.entries(spec.environment).map(([name, value]) => `${name}=${value}`),
    WorkingDir: spec.workingDirectory,
    User: spec.user,
    Hostname: spec.hostname,
    Tty: spec.tty,
    OpenStdin: spec.interactive,
    StopSignal: spec.stopSignal,
    Healthcheck: spec.healthCheck && healthcheck(spec.healthCheck),
    ...(macAddress && !endpointMac && { MacAddress: macAddress }),
    HostConfig: hostConfig(spec),
    NetworkingConfig:
      network.mode === 'bridge'
        ? { EndpointsConfig: { [network.network]: endpoint(network, endpointMac) } }
        : undefined,
  };
}

/** In nanoseconds. 0 would leave it to the image; a millisecond is the least that the engine takes. */
function healthcheck(check: HealthCheck | 'none'): object {
  if (check === 'none') return { Test: ['NONE'] };
  return {
    Test: check.command,
    Interval: nanoseconds(check.intervalMs),
    Timeout: nanoseconds(check.timeoutMs),
    Retries: check.retries,
    StartPeriod: nanoseconds(Math.max(1, check.startPeriodMs)),
  };
}

function nanoseconds(ms: number): number {
  return ms * 1_000_000;
}

function endpoint(network: ContainerNetwork & { mode: 'bridge' }, endpointMac: boolean): object {
  return {
    IPAMConfig: { IPv4Address: network.ipv4Address },
    ...(endpointMac && network.macAddress && { MacAddress: network.macAddress }),
  };
}

function hostConfig(spec: ContainerSpec): object {
  return {
    NetworkMode: networkMode(spec.network),
    LogConfig: logConfig,
    Mounts: spec.mounts?.map((mount) => ({
      Type: 'volume',
      Source: mount.volume,
      Target: mount.target,
      ReadOnly: mount.readOnly,
    })),
    Tmpfs: spec.tmpfs && Object.fromEntries(spec.tmpfs.map((each) => [each.target, each.options])),
    VolumesFrom: spec.volumesFrom?.map(({ container, readOnly }) => `${container}:${readOnly ? 'ro' : 'rw'}`),
    Memory: spec.memoryBytes,
    // Memory and swap together: without it a container gets as much swap again as it has memory.
    MemorySwap: spec.memoryBytes,
    MemoryReservation: spec.memoryReservationBytes,
    CpuShares: spec.cpuShares,
    NanoCpus: spec.nanoCpus,
    PidsLimit: spec.pidsLimit,
    Ulimits: spec.ulimits?.map(({ name, soft, hard }) => ({ Name: name, Soft: soft, Hard: hard })),
    Sysctls: spec.sysctls,
    ReadonlyRootfs: spec.readOnlyRootFilesystem,
    Init: spec.init,
    CapAdd: spec.capabilitiesAdd,
    CapDrop: spec.capabilitiesDrop,
    SecurityOpt: spec.noNewPrivileges ? ['no-new-privileges:true'] : undefined,
    Dns: spec.dnsServers,
    DnsSearch: spec.dnsSearchDomains,
    ExtraHosts: spec.extraHosts?.map(({ hostname, ipAddress }) => `${hostname}:${ipAddress}`),
  };
}

function networkMode(network: ContainerNetwork): string {
  if (network.mode === 'bridge') return network.network;
  return network.mode === 'container' ? `container:${network.id}` : network.mode;
}

/** The members of an inspection that we read. */
export interface Inspection {
  readonly Id: string;
  readonly Name: string;
  readonly Created: string;
  readonly Image: string;
  readonly Config: { readonly Labels: Readonly<Record<string, string>> | null; readonly Tty: boolean };
  readonly HostConfig: { readonly Memory: number };
  readonly State: {
    readonly Status: string;
    readonly Running: boolean;
    readonly OOMKilled: boolean;
    readonly ExitCode: number;
    readonly Error: string;
    readonly StartedAt: string;
    readonly FinishedAt: string;
    readonly Health?: { readonly Status: string } | null;
  };
}

/** What an inspection says, as the contract has it. */
export function containerOf({ Id, Name, Created, Image, Config, State }: Inspection): Container {
  const phase = phaseOf(State.Status);
  const ended = phase === 'exited' || phase === 'dead' || phase === 'removing';
  const finishedAt = ended ? instant(State.FinishedAt) : undefined;
  const failedToStart = phase === 'created' && State.ExitCode !== 0;
  return {
    id: Id,
    name: Name.replace(/^\//, ''),
    labels: Config.Labels ?? {},
    phase,
    imageId: Image,
    createdAt: new Date(Created),
    startedAt: ended ? earlier(instant(State.StartedAt), finishedAt) : instant(State.StartedAt),
    finishedAt,
    exitCode: ended || failedToStart ? State.ExitCode : undefined,
    outOfMemory: State.OOMKilled,
    error: State.Error === '' ? undefined : State.Error,
    // The engine calls whatever it no longer checks unhealthy.
    health: phase === 'running' ? healthOf(State.Health?.Status) : undefined,
  };
}

/** dockerd notes the start when containerd has answered, which may be after a quick program's end. */
function earlier(started: Date | undefined, finished: Date | undefined): Date | undefined {
  return started && finished && finished < started ? finished : started;
}

function healthOf(status: string | undefined): Health | undefined {
  return status === 'starting' || status === 'healthy' || status === 'unhealthy' ? status : undefined;
}

const phases: ReadonlySet<string> = new Set(['created', 'running', 'paused', 'exited', 'removing', 'dead']);

/** `restarting` is between two runs of the engine's own restart policy, which we never set: for us it runs. */
function phaseOf(status: string): ContainerPhase {
  return phases.has(status) ? (status as ContainerPhase) : 'running';
}

/** Go's zero time stands for never. */
function instant(text: string): Date | undefined {
  return text === '' || text.startsWith('0001-') ? undefined : new Date(text);
}
