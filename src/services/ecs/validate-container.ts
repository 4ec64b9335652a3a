// Checks one container definition against AWS's rules, in AWS's words, and fills in its defaults. Pure.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html#container_definitions
import { clientException } from './errors.ts';
import { checkedHealthCheck } from './validate-health-check.ts';
import type { ContainerDefinition, LogConfiguration, NetworkMode, PortMapping } from './shapes.ts';
import { checkLinux } from './validate-linux.ts';

const longestName = 255;
/** Seconds. */
const shortestTimeout = 2;
/** MiB; Docker has no smaller containers. */
const leastMemory = 6;

/** What a container may be checked against. */
export interface TaskFrame {
  readonly networkMode?: NetworkMode;
  /** MiB of the task; containers then need none of their own. */
  readonly memory?: number;
}

/** The definition as DescribeTaskDefinition answers it. Throws ClientException. */
export function checkedContainer(container: ContainerDefinition, task: TaskFrame): ContainerDefinition {
  checkName(container.name);
  checkImage(container);
  checkSizes(container, task);
  checkTimeouts(container);
  checkEnvironment(container);
  checkUlimits(container);
  checkLinux(container, task.networkMode);
  checkLogs(container.logConfiguration);
  return {
    ...container,
    cpu: container.cpu ?? 0,
    essential: container.essential ?? true,
    ...(container.healthCheck && { healthCheck: checkedHealthCheck(container.healthCheck) }),
    portMappings: (container.portMappings ?? []).map((mapping) => checkedPort(mapping, task.networkMode)),
    environment: container.environment ?? [],
    mountPoints: container.mountPoints ?? [],
    volumesFrom: container.volumesFrom ?? [],
    systemControls: container.systemControls ?? [],
  };
}

function checkName(name: string | undefined): void {
  if (!name) throw clientException('Container.name should not be null or empty.');
  if (name.length > longestName) throw clientException(`Container.name should be at most ${longestName} characters.`);
  if (!/^[a-zA-Z0-9_-]+$/.test(name)) throw clientException('Container.name contains invalid characters.');
}

function checkImage({ name, image, versionConsistency }: ContainerDefinition): void {
  if (!image) throw clientException('Container.image should not be null or empty.');
  if (image.length > longestName) throw clientException(`Container.image should be at most ${longestName} characters.`);
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.:/@-]*$/.test(image))
    throw clientException('Container.image contains invalid characters.');
  if (versionConsistency !== undefined && versionConsistency !== 'enabled' && versionConsistency !== 'disabled') {
    throw clientException(
      `Invalid setting for container '${name}'. 'versionConsistency' must be one of [enabled, disabled].`,
    );
  }
}

function checkSizes({ name, cpu, memory, memoryReservation }: ContainerDefinition, task: TaskFrame): void {
  const setting = (why: string) => clientException(`Invalid setting for container '${name}'. ${why}`);
  if (cpu !== undefined && cpu < 0) throw setting("'cpu' must not be negative.");
  if (memory === undefined && memoryReservation === undefined && task.memory === undefined) {
    throw setting("At least one of 'memory' or 'memoryReservation' must be specified.");
  }
  if (memory !== undefined && memory < leastMemory) throw setting(`'memory' must be at least ${leastMemory} MiB.`);
  if (memoryReservation !== undefined && memoryReservation < leastMemory) {
    throw setting(`'memoryReservation' must be at least ${leastMemory} MiB.`);
  }
  if (memory !== undefined && memoryReservation !== undefined && memory < memoryReservation) {
    throw setting("'memory' must be greater than or equal to 'memoryReservation'.");
  }
  if (task.memory !== undefined && (memory ?? 0) > task.memory) {
    throw clientException(`The 'memory' setting for container '${name}' is greater than for the task.`);
  }
}

function checkTimeouts({ name, startTimeout, stopTimeout }: ContainerDefinition): void {
  for (const [which, seconds] of [['start', startTimeout] as const, ['stop', stopTimeout] as const]) {
    if (seconds === undefined || seconds >= shortestTimeout) continue;
    throw clientException(
      `Granular ${which} timeout on container '${name}' must be at least ${shortestTimeout} seconds.`,
    );
  }
}

/** The engine takes `name=value` lines: a name can be neither empty nor contain `=` or NUL. */
function checkEnvironment({ name, environment }: ContainerDefinition): void {
  for (const variable of environment ?? []) {
    if (!variable.name) {
      throw clientException(
        `Invalid setting for container '${name}'. Environment variable names should not be null or empty.`,
      );
    }
    if (/[=\0]/.test(variable.name) || variable.value?.includes('\0')) {
      throw clientException(
        `Invalid setting for container '${name}'. Environment variable '${variable.name}' contains invalid characters.`,
      );
    }
  }
}

const ulimitNames = [
  'core',
  'cpu',
  'data',
  'fsize',
  'locks',
  'memlock',
  'msgqueue',
  'nice',
  'nofile',
  'nproc',
  'rss',
  'rtprio',
  'rttime',
  'sigpending',
  'stack',
];

function checkUlimits({ ulimits }: ContainerDefinition): void {
  const names = new Set<string>();
  for (const { name = '', softLimit = 0, hardLimit = 0 } of ulimits ?? []) {
    if (!ulimitNames.includes(name)) {
      throw clientException(`${name} is not a valid ulimit. Must be one of [${ulimitNames.join(',')}]`);
    }
    if (names.has(name)) throw clientException(`Duplicate ulimit: ${name}`);
    names.add(name);
    // -1 is "unlimited" to the kernel.
    if (hardLimit !== -1 && (softLimit === -1 || softLimit > hardLimit)) {
      throw clientException(`Soft limit exceeds hard limit for ulimit ${name}`);
    }
  }
}

function checkedPort(mapping: PortMapping, networkMode: NetworkMode | undefined): PortMapping {
  const { containerPort, hostPort, protocol = 'tcp' } = mapping;
  checkPort('containerPort', containerPort, 1);
  checkPort('hostPort', hostPort ?? 0, 0);
  if (protocol !== 'tcp' && protocol !== 'udp') {
    throw clientException(`${protocol} is not a valid protocol. Must be one of [tcp,udp]`);
  }
  const sharesNamespace = networkMode === 'awsvpc' || networkMode === 'host';
  // On awsvpc and host there is nothing to map: a host port of 0 is as good as none.
  if (sharesNamespace && hostPort && hostPort !== containerPort) {
    throw clientException(
      `When networkMode=${networkMode}, the host ports and container ports in port mappings must match.`,
    );
  }
  return { ...mapping, containerPort, hostPort: sharesNamespace ? containerPort : (hostPort ?? 0), protocol };
}

function checkPort(member: string, port: number | undefined, least: number): void {
  if (port !== undefined && Number.isInteger(port) && port >= least && port <= 65_535) return;
  throw clientException(`Invalid '${member}' setting in port mappings: it must be between ${least} and 65535.`);
}

const requiredOptions = ['awslogs-region', 'awslogs-group'];
const honouredOptions = new Set([...requiredOptions, 'awslogs-stream-prefix', 'awslogs-create-group']);
/** What AWS accepts beside them, and Berth does not do yet. */
const knownOptions = new Set(['awslogs-datetime-format', 'awslogs-multiline-pattern', 'mode', 'max-buffer-size']);
const awsDrivers = ['json-file', 'syslog', 'journald', 'gelf', 'fluentd', 'awslogs', 'splunk', 'awsfirelens'];

function checkLogs(logs: LogConfiguration | undefined): void {
  if (logs === undefined) return;
  const { logDriver = '', options = {}, secretOptions } = logs;
  if (!awsDrivers.includes(logDriver)) {
    throw clientException(`${logDriver} is not a valid log driver. Must be one of [${awsDrivers.join(',')}]`);
  }
  if (logDriver !== 'awslogs' || secretOptions?.length) {
    throw clientException(
      secretOptions?.length
        ? 'Berth does not support secretOptions of logConfiguration yet.'
        : `Berth does not support the log driver ${logDriver} yet: awslogs is supported.`,
    );
  }
  const missing = requiredOptions.filter((option) => !options[option]);
  if (missing.length > 0) throw clientException(`Log driver awslogs requires options: ${missing.join(', ')}`);
  const names = Object.keys(options);
  const unknown = names.filter((name) => !honouredOptions.has(name) && !knownOptions.has(name));
  if (unknown.length > 0) throw clientException(`Log driver awslogs disallows options: ${unknown.join(', ')}`);
  const later = names.filter((name) => knownOptions.has(name));
  if (later.length > 0)
    throw clientException(`Berth does not support these options of awslogs yet: ${later.join(', ')}`);
  const create = options['awslogs-create-group'];
  if (create !== undefined && create !== 'true' && create !== 'false') {
    throw clientException("awslogs-create-group must be 'true' or 'false'.");
  }
}
