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
  nothingObserved,
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
  return revisionsOf(reader, scope, family).findLast(({ status }) => status === 'ACTIVE');
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
  linuxParameters: { capabilities: true, initProcessEnabled: true },
} as const;

function register(input: In<'ecs', 'RegisterTaskDefinition'>, architecture: Architecture, tx: Tx, context: Context) {
  const definition = checkedTaskDefinition(input, architecture);
  const tags = checkedTags(input.tags);
  const family = familyKey(context, definition.family);
  const revision = (tx.get(familyKind, family)?.spec.latestRevision ?? 0) + 1;
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
  tx.put(familyKind, family, { spec: { latestRevision: revision }, status: nothingObserved });
  const key = taskDefinitionKey(context, definition.family, revision);
  tx.put(taskDefinitionKind, key, { spec, status: nothingObserved });
  return { taskDefinition: describeTaskDefinition(spec), tags };
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
  const among = familyPrefix
    ? revisionsOf(reader, context, familyPrefix)
    : reader.list(taskDefinitionKind, familyKey(context, '')).map(({ spec }) => spec);
  const found = among.filter((spec) => spec.status === status);
  if (sort === 'DESC') found.reverse();
  const page = context.page(found, sort === 'DESC' ? (spec) => descending(keyOf(spec)) : keyOf, {
    token: nextToken,
    limit: checkedLimit(input.maxResults, mostListed),
  });
  return { taskDefinitionArns: page.items.map(arnOf), nextToken: page.nextToken };
}

function listFamilies(input: In<'ecs', 'ListTaskDefinitionFamilies'>, reader: Reader, context: Context) {
  const { familyPrefix = '', status = 'ALL', nextToken, maxResults } = input;
  checkStatus(status, ['ACTIVE', 'INACTIVE', 'ALL']);
  const families = new Map<string, boolean>();
  for (const { spec } of reader.list(taskDefinitionKind, familyKey(context, familyPrefix))) {
    families.set(spec.family, families.get(spec.family) === true || spec.status === 'ACTIVE');
  }
  const names = Array.from(families.keys()).toSorted(byCodeUnit);
  const found = names.filter((name) => status === 'ALL' || families.get(name) === (status === 'ACTIVE'));
  const page = context.page(found, (name) => name, { token: nextToken, limit: checkedLimit(maxResults, mostListed) });
  return { families: page.items, nextToken: page.nextToken };
}

function describeTaskDefinition(spec: TaskDefinitionSpec): TaskDefinitionShape {
  return {
    taskDefinitionArn: arnOf(spec),
    containerDefinitions: [...spec.containerDefinitions],
    family: spec.family,
    revision: spec.revision,
    volumes: [],
    status: spec.status,
    requiresAttributes: [...spec.requiresAttributes],
    placementConstraints: [],
    compatibilities: [...spec.compatibilities],
    networkMode: spec.networkMode,
    runtimePlatform: spec.runtimePlatform,
    requiresCompatibilities: spec.requiresCompatibilities && [...spec.requiresCompatibilities],
    cpu: spec.cpu,
    memory: spec.memory,
    registeredAt: new Date(spec.registeredAt),
    registeredBy: spec.registeredBy,
    deregisteredAt: spec.deregisteredAt === undefined ? undefined : new Date(spec.deregisteredAt),
  };
}

/** In the order of their revisions. */
function revisionsOf(reader: Reader, scope: Scope, family: string): TaskDefinitionSpec[] {
  return reader.list(taskDefinitionKind, `${familyKey(scope, family)}:`).map(({ spec }) => spec);
}

function arnOf(spec: TaskDefinitionSpec): string {
  return taskDefinitionArn(spec, spec.family, spec.revision);
}

function keyOf(spec: TaskDefinitionSpec): string {
  return taskDefinitionKey(spec, spec.family, spec.revision);
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
