// Checks a task definition against AWS's rules, in AWS's words, and fills in what AWS fills in. Pure.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html
import { clientException } from './errors.ts';
import { fargateFault } from './fargate.ts';
import { requiredAttributes } from './required-attributes.ts';
import type { TaskDefinitionSpec } from './kinds.ts';
import type { Compatibility, ContainerDefinition, RegisterInput, RuntimePlatform } from './shapes.ts';
import { checkedContainer } from './validate-container.ts';
import { checkVolumes } from './validate-volumes.ts';

const mostContainers = 10;
const longestFamily = 255;
/** Bytes of a definition's JSON. */
const largestDefinition = 65_536;
/** GiB. */
const leastStorage = 21;
const mostStorage = 200;
const conditions = ['START', 'COMPLETE', 'SUCCESS', 'HEALTHY'];
const networkModes = ['bridge', 'host', 'awsvpc', 'none'];
const knownCompatibilities: readonly Compatibility[] = ['EC2', 'FARGATE', 'EXTERNAL'];

/** `X86_64` or `ARM64`: what the machine's containers are. */
export type Architecture = 'X86_64' | 'ARM64';

/** What registration makes of the input, before it has a revision. */
export type CheckedDefinition = Pick<
  TaskDefinitionSpec,
  | 'family'
  | 'containerDefinitions'
  | 'networkMode'
  | 'cpu'
  | 'memory'
  | 'volumes'
  | 'ephemeralStorage'
  | 'runtimePlatform'
  | 'requiresCompatibilities'
  | 'compatibilities'
  | 'requiresAttributes'
>;

/** Throws ClientException at the first rule that is broken. */
export function checkedTaskDefinition(input: RegisterInput, architecture: Architecture): CheckedDefinition {
  const family = checkedFamily(input.family);
  checkLength(input);
  const { networkMode, requiresCompatibilities, runtimePlatform } = input;
  if (networkMode !== undefined && !networkModes.includes(networkMode)) {
    throw clientException(`Network mode '${networkMode}' is not valid. Must be one of [${networkModes.join(',')}]`);
  }
  checkCompatibilities(requiresCompatibilities);
  checkPlatform(runtimePlatform, architecture);
  // Definitions that AWS's console exports say that they want none.
  if (input.enableFaultInjection) throw clientException('Berth does not support fault injection yet.');
  const cpu = parseCpu(input.cpu);
  const memory = parseMemory(input.memory);
  const containerDefinitions = checkedContainers(input.containerDefinitions ?? [], { networkMode, memory });
  checkSums(containerDefinitions, cpu, memory);
  const volumes = input.volumes ?? [];
  checkVolumes(volumes, containerDefinitions);

  const fault = fargateFault({ networkMode, cpu, memory, containerDefinitions, volumes });
  if (fault !== undefined && requiresCompatibilities?.includes('FARGATE')) throw fault;
  const sized = { family, networkMode, containerDefinitions, runtimePlatform };
  return {
    ...sized,
    cpu: cpu?.toString(),
    memory: memory?.toString(),
    volumes: volumes.length > 0 ? volumes : undefined,
    ephemeralStorage: checkedStorage(input.ephemeralStorage?.sizeInGiB),
    requiresCompatibilities: requiresCompatibilities?.length ? requiresCompatibilities : undefined,
    compatibilities: networkMode === 'awsvpc' ? (fault ? ['EC2'] : ['EC2', 'FARGATE']) : ['EXTERNAL', 'EC2'],
    requiresAttributes: requiredAttributes({ networkMode, cpu, containerDefinitions }),
  };
}

/** GiB; undefined from undefined. Throws ClientException. */
export function checkedStorage(size: number | undefined): number | undefined {
  if (size === undefined || (size >= leastStorage && size <= mostStorage)) return size;
  const bound = size < leastStorage ? `at least ${leastStorage}` : `at most ${mostStorage}`;
  throw clientException(`EphemeralStorage size should be ${bound}`);
}

function checkLength(input: RegisterInput): void {
  if (mostJsonBytes(input) <= largestDefinition) return;
  const length = Buffer.byteLength(JSON.stringify(input));
  if (length <= largestDefinition) return;
  throw clientException(`Actual length: '${length}'. Max allowed length is '${largestDefinition}' bytes.`);
}

/** No less than the bytes of a value's JSON: writing it only to count them would take most of the time of all checks. */
function mostJsonBytes(value: unknown): number {
  // A character takes six bytes at most (\u0000), a number or a word no more than 32.
  if (typeof value === 'string') return 6 * value.length + 2;
  if (typeof value !== 'object' || value === null) return 32;
  let bytes = 2;
  if (Array.isArray(value)) {
    for (const element of value) bytes += mostJsonBytes(element) + 1;
    return bytes;
  }
  const members = value as Readonly<Record<string, unknown>>;
  for (const name in members) bytes += mostJsonBytes(name) + mostJsonBytes(members[name]) + 2;
  return bytes;
}

/** CPU units from `256`, `.25 vCPU`, `1vcpu`; undefined from undefined. Throws ClientException. */
export function parseCpu(text: string | undefined): number | undefined {
  return parseSize('cpu', text, { vcpu: 1024 });
}

/** MiB from `512`, `0.5GB`, `1 GB`; undefined from undefined. Throws ClientException. */
export function parseMemory(text: string | undefined): number | undefined {
  return parseSize('memory', text, { gb: 1024, mb: 1 });
}

function parseSize(
  member: string,
  text: string | undefined,
  units: Readonly<Record<string, number>>,
): number | undefined {
  if (text === undefined) return undefined;
  const [, digits, unit] = /^\s*(\d+|\d*\.\d+)\s*([a-z]*)\s*$/i.exec(text) ?? [];
  const factor = unit === '' ? 1 : units[unit?.toLowerCase() ?? ''];
  const size = Number(digits) * (factor ?? NaN);
  if (!Number.isInteger(size) || size < 1 || size > 2_147_483_647) {
    throw clientException(`Invalid '${member}' setting for task.`);
  }
  return size;
}

function checkedFamily(family: string | undefined): string {
  if (!family) throw clientException('Family should not be null or empty.');
  if (family.length > longestFamily) throw clientException(`Family should be at most ${longestFamily} characters.`);
  if (!/^[a-zA-Z0-9_-]+$/.test(family)) throw clientException('Family contains invalid characters.');
  return family;
}

function checkCompatibilities(compatibilities: readonly string[] | undefined): void {
  for (const compatibility of compatibilities ?? []) {
    if (!(knownCompatibilities as readonly string[]).includes(compatibility)) {
      throw clientException(
        `Berth does not support the compatibility '${compatibility}': one of [${knownCompatibilities.join(',')}] is.`,
      );
    }
  }
}

function checkPlatform(platform: RuntimePlatform | undefined, architecture: Architecture): void {
  const { cpuArchitecture = 'X86_64', operatingSystemFamily = 'LINUX' } = platform ?? {};
  if (operatingSystemFamily !== 'LINUX') {
    throw clientException(
      `Berth runs Linux containers only: operatingSystemFamily '${operatingSystemFamily}' is not supported.`,
    );
  }
  if (platform?.cpuArchitecture !== undefined && cpuArchitecture !== architecture) {
    throw clientException(
      `This machine runs ${architecture} containers: cpuArchitecture '${cpuArchitecture}' is not available.`,
    );
  }
}

function checkedContainers(
  containers: readonly ContainerDefinition[],
  task: Parameters<typeof checkedContainer>[1],
): ContainerDefinition[] {
  if (containers.length === 0) throw clientException('Container list cannot be empty.');
  if (containers.length > mostContainers) {
    throw clientException(`A task definition can have at most ${mostContainers} containers.`);
  }
  const checked = containers.map((container) => checkedContainer(container, task));
  if (new Set(checked.map(({ name }) => name)).size < checked.length) {
    throw clientException('Container names must be unique within a task definition.');
  }
  if (!checked.some(({ essential }) => essential)) {
    throw clientException("Task definition doesn't have any essential container.");
  }
  checkPortNames(checked);
  checkDependencies(checked);
  return checked;
}

function checkPortNames(containers: readonly ContainerDefinition[]): void {
  const names = new Set<string>();
  for (const { name } of containers.flatMap(({ portMappings }) => portMappings ?? [])) {
    if (name === undefined) continue;
    if (!/^[a-z0-9_][a-z0-9_-]{0,63}$/.test(name))
      throw clientException(`Port mapping name '${name}' contains invalid characters.`);
    if (names.has(name)) throw clientException(`port mapping name ${name} is already used`);
    names.add(name);
  }
}

function checkDependencies(containers: readonly ContainerDefinition[]): void {
  const byName = new Map(containers.map((container) => [container.name, container]));
  for (const { dependsOn } of containers) {
    for (const { containerName, condition } of dependsOn ?? []) {
      const dependency = byName.get(containerName);
      if (!dependency)
        throw clientException(`Cannot depend on container + '${containerName}' because it does not exist`);
      if (condition === undefined || !conditions.includes(condition)) {
        throw clientException(`${condition} is not a valid condition. Must be one of [${conditions.join(',')}]`);
      }
      if ((condition === 'SUCCESS' || condition === 'COMPLETE') && dependency.essential) {
        throw clientException(
          'A dependency container with SUCCESS or COMPLETE condition cannot be an essential container',
        );
      }
      if (condition === 'HEALTHY' && dependency.healthCheck === undefined) {
        throw clientException('A dependency container with HEALTHY condition must have health check configured');
      }
    }
  }
  if (hasCycle(containers)) throw clientException('Container dependencies should not have a cycle');
}

/** Whether some containers wait for each other: those that wait for none are taken away until none is left that can be. */
function hasCycle(containers: readonly ContainerDefinition[]): boolean {
  let waiting = containers.map(({ name, dependsOn }) => ({
    name,
    on: (dependsOn ?? []).map((each) => each.containerName),
  }));
  for (;;) {
    const names = new Set(waiting.map(({ name }) => name));
    const left = waiting.filter(({ on }) => on.some((name) => names.has(name)));
    if (left.length === waiting.length) return left.length > 0;
    waiting = left;
  }
}

function checkSums(
  containers: readonly ContainerDefinition[],
  cpu: number | undefined,
  memory: number | undefined,
): void {
  const sum = (of: (container: ContainerDefinition) => number) =>
    containers.reduce((total, each) => total + of(each), 0);
  if (cpu !== undefined && sum((each) => each.cpu ?? 0) > cpu) {
    throw clientException("The sum of all container 'cpu' values cannot be greater than the value of the task 'cpu'.");
  }
  if (memory !== undefined && sum((each) => each.memoryReservation ?? each.memory ?? 0) > memory) {
    throw clientException(
      "The sum of all container 'memory' values cannot be greater than the value of the task 'memory'.",
    );
  }
}
