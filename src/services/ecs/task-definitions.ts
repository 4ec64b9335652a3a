// Task definitions: RegisterTaskDefinition, DescribeTaskDefinition, DeregisterTaskDefinition and the lists.
import type { Scope } from '#kernel/arn.ts';
import type { Reader, Tx } from '#kernel/store.ts';
import type { Context, In, Operations } from '#aws/service.ts';
import { parseTaskDefinitionName, taskDefinitionArn } from './arns.ts';
import { checkedLimit } from './clusters.ts';
import { cannotDescribeTaskDefinition, clientException, revisionMissing } from './errors.ts';
import {
  familyKey,
  familyKind,
  inStatus,
  nothingObserved,
  parseTaskDefinitionKey,
  revisionsPrefix,
  taskDefinitionKey,
  taskDefinitionKind,
  type TaskDefinitionSpec,
} from './kinds.ts';
import type { TaskDefinitionShape } from './shapes.ts';
import { checkedTags } from './tags.ts';
import { checkedTaskDefinition, type Architecture } from './validate-task-definition.ts';

const mostListed = 100;

/** The definition that a request names (a family means its latest ACTIVE revision), or undefined. */
export function findTaskDefinition(reader: Reader, scope: Scope, identifier: string): TaskDefinitionSpec | undefined {
  const { family, revision } = parseTaskDefinitionName(scope, identifier);
  if (revision !== undefined) return reader.get(taskDefinitionKind, taskDefinitionKey(scope, family, revision))?.spec;
  const revisions = reader.list(taskDefinitionKind, revisionsPrefix(scope, family));
  return revisions.findLast(({ spec }) => spec.status === 'ACTIVE')?.spec;
}

export function taskDefinitionOperations(architecture: Architecture): Operations<'ecs'> {
  return {
    RegisterTaskDefinition: {
      accepts: {
        family: true,
        networkMode: true,
        containerDefinitions: acceptedContainer,
        requiresCompatibilities: true,
        cpu: true,
        memory: true,
        tags: true,
        volumes: { name: true, host: true, dockerVolumeConfiguration: true },
        ephemeralStorage: true,
        runtimePlatform: true,
        enableFaultInjection: true,
      },
      run: (input, tx, context) => register(input, architecture, tx, context),
    },
    DescribeTaskDefinition: {
      accepts: { taskDefinition: true, include: true },
      read({ taskDefinition: identifier = '', include }, reader, context) {
        const found = findTaskDefinition(reader, context, identifier);
        if (found === undefined) throw cannotDescribeTaskDefinition();
        const tags = include?.includes('TAGS') ? { tags: [...found.tags] } : {};
        return { taskDefinition: describeTaskDefinition(found), ...tags };
      },
    },
    DeregisterTaskDefinition: { accepts: { taskDefinition: true }, run: deregister },
    ListTaskDefinitions: {
      accepts: { familyPrefix: true, status: true, sort: true, nextToken: true, maxResults: true },
      read: listTaskDefinitions,
    },
    ListTaskDefinitionFamilies: {
      accepts: { familyPrefix: true, status: true, nextToken: true, maxResults: true },
      read: listFamilies,
    },
  };
}

const acceptedContainer = {
  name: true,
  image: true,
  versionConsistency: true,
  cpu: true,
  memory: true,
  memoryReservation: true,
  essential: true,
  portMappings: { containerPort: true, hostPort: true, protocol: true, name: true, appProtocol: true },
  entryPoint: true,
  command: true,
  environment: true,
  workingDirectory: true,
  user: true,
  dependsOn: true,
  startTimeout: true,
  stopTimeout: true,
  privileged: true,
  readonlyRootFilesystem: true,
  interactive: true,
  pseudoTerminal: true,
  dockerLabels: true,
  ulimits: true,
  logConfiguration: true,
  healthCheck: true,
  linuxParameters: {
    capabilities: true,
    initProcessEnabled: true,
    tmpfs: true,
    devices: true,
    sharedMemorySize: true,
    maxSwap: true,
    swappiness: true,
  },
  systemControls: true,
  mountPoints: true,
  volumesFrom: true,
  links: true,
  hostname: true,
  dnsServers: true,
  dnsSearchDomains: true,
  extraHosts: true,
  disableNetworking: true,
} as const;

function register(input: In<'ecs', 'RegisterTaskDefinition'>, architecture: Architecture, tx: Tx, context: Context) {
  const definition = checkedTaskDefinition(input, architecture);
  const tags = checkedTags(input.tags);
  const revision = latestRevision(tx, context, definition.family) + 1;
  const spec: TaskDefinitionSpec = {
    account: context.account,
    region: context.region,
    ...definition,
    revision,
    status: 'ACTIVE',
    tags,
    registeredAt: context.now.getTime(),
    registeredBy: context.principal.arn,
  };
  const key = taskDefinitionKey(context, definition.family, revision);
  tx.put(taskDefinitionKind, key, { spec, status: nothingObserved });
  return { taskDefinition: describeTaskDefinition(spec), tags };
}

/**
 * 0 where the family has none. Definitions are never deleted, so that the revisions of a family have no gaps: the last is
 * found in twice as many looks as its number has binary digits, and no record of it has to be written with each.
 */
function latestRevision(reader: Reader, scope: Scope, family: string): number {
  const isGiven = (revision: number) =>
    reader.get(taskDefinitionKind, taskDefinitionKey(scope, family, revision)) !== undefined;
  let latest = reader.get(familyKind, familyKey(scope, family))?.spec.latestRevision ?? 0;
  let step = 1;
  for (; isGiven(latest + step); step *= 2) latest += step;
  for (step /= 2; step >= 1; step /= 2) if (isGiven(latest + step)) latest += step;
  return latest;
}

function deregister(
  { taskDefinition: identifier = '' }: In<'ecs', 'DeregisterTaskDefinition'>,
  tx: Tx,
  context: Context,
) {
  const { family, revision } = parseTaskDefinitionName(context, identifier);
  if (revision === undefined) throw revisionMissing();
  const key = taskDefinitionKey(context, family, revision);
  const found = tx.get(taskDefinitionKind, key);
  if (found === undefined) throw cannotDescribeTaskDefinition();
  if (found.spec.status === 'INACTIVE') return { taskDefinition: describeTaskDefinition(found.spec) };
  const spec = { ...found.spec, status: 'INACTIVE' as const, deregisteredAt: context.now.getTime() };
  return { taskDefinition: describeTaskDefinition(tx.setSpec(taskDefinitionKind, key, spec).spec) };
}

/** Sorted by family, then revision; `sort` DESC turns the order round. */
function listTaskDefinitions(input: In<'ecs', 'ListTaskDefinitions'>, reader: Reader, context: Context) {
  const { familyPrefix, status = 'ACTIVE', sort = 'ASC', nextToken } = input;
  checkStatus(status, ['ACTIVE', 'INACTIVE', 'DELETE_IN_PROGRESS']);
  if (sort !== 'ASC' && sort !== 'DESC') throw clientException('sort should be one of [ASC,DESC]');
  // AWS calls it a prefix, but takes it as the whole name of a family.
  const prefix = familyPrefix ? revisionsPrefix(context, familyPrefix) : '';
  const found = keysIn(reader, context, status).filter((key) => key.startsWith(prefix));
  if (sort === 'DESC') found.reverse();
  const page = context.page(found, sort === 'DESC' ? descending : (key) => key, {
    token: nextToken,
    limit: checkedLimit(input.maxResults, mostListed),
  });
  const arns = page.items.map((key) => arnOf(context, parseTaskDefinitionKey(key)));
  return { taskDefinitionArns: arns, nextToken: page.nextToken };
}

function listFamilies(input: In<'ecs', 'ListTaskDefinitionFamilies'>, reader: Reader, context: Context) {
  const { familyPrefix = '', status = 'ALL', nextToken, maxResults } = input;
  checkStatus(status, ['ACTIVE', 'INACTIVE', 'ALL']);
  const keys = reader.list(taskDefinitionKind, familyKey(context, familyPrefix)).map(({ key }) => key);
  const active = familiesOf(keysIn(reader, context, 'ACTIVE'));
  const names = Array.from(familiesOf(keys)).toSorted(byCodeUnit);
  const found = names.filter((name) => status === 'ALL' || active.has(name) === (status === 'ACTIVE'));
  const page = context.page(found, (name) => name, { token: nextToken, limit: checkedLimit(maxResults, mostListed) });
  return { families: page.items, nextToken: page.nextToken };
}

function describeTaskDefinition(spec: TaskDefinitionSpec): TaskDefinitionShape {
  return {
    taskDefinitionArn: arnOf(spec, spec),
    containerDefinitions: [...spec.containerDefinitions],
    family: spec.family,
    revision: spec.revision,
    volumes: [...(spec.volumes ?? [])],
    status: spec.status,
    requiresAttributes: [...spec.requiresAttributes],
    placementConstraints: [],
    compatibilities: [...spec.compatibilities],
    networkMode: spec.networkMode,
    runtimePlatform: spec.runtimePlatform,
    requiresCompatibilities: spec.requiresCompatibilities && [...spec.requiresCompatibilities],
    cpu: spec.cpu,
    memory: spec.memory,
    ephemeralStorage: spec.ephemeralStorage === undefined ? undefined : { sizeInGiB: spec.ephemeralStorage },
    registeredAt: new Date(spec.registeredAt),
    registeredBy: spec.registeredBy,
    deregisteredAt: spec.deregisteredAt === undefined ? undefined : new Date(spec.deregisteredAt),
  };
}

/** The keys of the definitions of a status, in order: lists read no definition. */
function keysIn(reader: Reader, scope: Scope, status: string): string[] {
  return reader.by(taskDefinitionKind, 'status', inStatus(scope, status)).map(({ key }) => key);
}

function familiesOf(keys: readonly string[]): Set<string> {
  return new Set(keys.map((key) => parseTaskDefinitionKey(key).family));
}

function arnOf(scope: Scope, { family, revision }: Pick<TaskDefinitionSpec, 'family' | 'revision'>): string {
  return taskDefinitionArn(scope, family, revision);
}

function checkStatus(status: string, among: readonly string[]): void {
  if (!among.includes(status)) throw clientException(`status should be one of [${among.join(',')}]`);
}

function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** A text that sorts before another's where the original sorts after it. */
function descending(text: string): string {
  return `${Array.from({ length: text.length }, (_, at) => String.fromCharCode(0xffff - text.charCodeAt(at))).join('')}\uffff`;
}
