// The ARNs of ecs, made and read: clusters, task definitions, tasks and their parts.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-account-settings.html#ecs-resource-ids
import { formatArn, parseArn, type Scope } from '#kernel/arn.ts';
import { cannotDescribeTaskDefinition, clusterNotFound, invalidRevision, otherCluster } from './errors.ts';

export function clusterArn(scope: Scope, name: string): string {
  return formatArn('ecs', scope, `cluster/${name}`);
}

/** An ARN is taken as it is. */
export function capacityProviderArn(scope: Scope, identifier: string): string {
  return identifier.startsWith('arn:') ? identifier : formatArn('ecs', scope, `capacity-provider/${identifier}`);
}

export function taskDefinitionArn(scope: Scope, family: string, revision: number | '*'): string {
  return formatArn('ecs', scope, `task-definition/${family}:${revision}`);
}

/** The instance that the agent of `node` speaks for: the machine's own, which stands for Fargate's capacity. */
export function containerInstanceArn(scope: Scope, node: string): string {
  return formatArn('ecs', scope, `container-instance/fargate/${node}`);
}

export function taskArn(scope: Scope, cluster: string, id: string): string {
  return formatArn('ecs', scope, `task/${cluster}/${id}`);
}

/** `id` is a UUID of the container's own. */
export function containerArn(scope: Scope, cluster: string, taskId: string, id: string): string {
  return formatArn('ecs', scope, `container/${cluster}/${taskId}/${id}`);
}

export function attachmentArn(scope: Scope, id: string): string {
  return formatArn('ecs', scope, `attachment/${id}`);
}

/** The name of the cluster that a request names by name or ARN; `default` when it names none. */
export function clusterNameOf(scope: Scope, identifier: string | undefined): string {
  if (!identifier) return 'default';
  if (!identifier.startsWith('arn:')) return identifier;
  return ownResource(scope, identifier, 'cluster') ?? throwing(clusterNotFound());
}

/** A task as its ARN names it, wherever it lives; undefined where the ARN is no task's. */
export function parseTaskArn(arn: string): (Scope & { readonly cluster: string; readonly id: string }) | undefined {
  const parsed = parseArn(arn);
  const [kind, cluster, id, ...rest] = parsed?.resource.split('/') ?? [];
  if (parsed?.service !== 'ecs' || kind !== 'task' || !cluster || !id || rest.length > 0) return undefined;
  return { account: parsed.account, region: parsed.region, cluster, id };
}

/** The id of a task that a request names by id or ARN within a cluster. Throws where the ARN is of another cluster. */
export function taskIdOf(scope: Scope, cluster: string, identifier: string): string | undefined {
  if (!identifier.startsWith('arn:')) return identifier;
  const parsed = parseTaskArn(identifier);
  if (parsed?.account !== scope.account || parsed.region !== scope.region) return undefined;
  if (parsed.cluster !== cluster) throw otherCluster(parsed.cluster, cluster);
  return parsed.id;
}

/** A task definition as a request names it: a family, `family:revision`, or an ARN. */
export interface TaskDefinitionName {
  readonly family: string;
  /** Absent: the latest ACTIVE one. */
  readonly revision?: number;
}

/** Throws where the ARN is of another account, region or kind, or the revision is no number. */
export function parseTaskDefinitionName(scope: Scope, identifier: string): TaskDefinitionName {
  const text = identifier.startsWith('arn:')
    ? (ownResource(scope, identifier, 'task-definition') ?? throwing(cannotDescribeTaskDefinition()))
    : identifier;
  const [family = '', revision, ...rest] = text.split(':');
  if (rest.length > 0) throw cannotDescribeTaskDefinition();
  if (revision === undefined) return { family };
  if (!/^[1-9]\d{0,9}$/.test(revision)) throw invalidRevision(revision);
  return { family, revision: Number(revision) };
}

/** What follows `kind/` in an ARN of this account and region. */
function ownResource(scope: Scope, arn: string, kind: string): string | undefined {
  const parsed = parseArn(arn);
  if (parsed?.service !== 'ecs' || parsed.account !== scope.account || parsed.region !== scope.region) return undefined;
  return parsed.resource.startsWith(`${kind}/`) ? parsed.resource.slice(kind.length + 1) : undefined;
}

function throwing(error: Error): never {
  throw error;
}
