// Names and ARNs of groups and streams.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html
import { formatArn, parseArn, type Scope } from '#kernel/arn.ts';
import { groupNotFound, invalidParameter, invalidValue } from './errors.ts';
import type { LogGroupSpec, LogStreamSpec } from './kinds.ts';

const groupPattern = '[\\.\\-_/#A-Za-z0-9]+';
const streamPattern = '[^:*]*';

/** Throws AWS's validation error where `name` cannot name a log group. */
export function checkGroupName(name: string): void {
  check(name, 'logGroupName', groupPattern);
  if (/^aws\//i.test(name)) throw invalidParameter('Log groups starting with AWS/ are reserved for AWS.');
}

/** Throws AWS's validation error where `name` cannot name a log stream. */
export function checkStreamName(name: string): void {
  check(name, 'logStreamName', streamPattern);
}

/** Throws where a container's output can go to no such place: a task definition may say anything. */
export function checkDestination(destination: Scope & Pick<LogStreamSpec, 'logGroupName' | 'logStreamName'>): void {
  // What a credential scope may name. It becomes a part of keys, so nothing else may pass.
  if (!/^[a-z0-9-]{1,64}$/.test(destination.region)) {
    throw invalidParameter(`'${destination.region}' is not a region.`);
  }
  checkGroupName(destination.logGroupName);
  checkStreamName(destination.logStreamName);
}

function check(name: string, member: string, pattern: string): void {
  const constraint = violated(name, pattern);
  if (constraint === undefined) return;
  throw invalidValue(name, member, constraint);
}

function violated(name: string, pattern: string): string | undefined {
  if (name.length < 1) return 'Member must have length greater than or equal to 1';
  if (name.length > 512) return 'Member must have length less than or equal to 512';
  return new RegExp(`^${pattern}$`).test(name)
    ? undefined
    : `Member must satisfy regular expression pattern: ${pattern}`;
}

/** `arn:aws:logs:us-east-1:123456789012:log-group:/ecs/flask-api` */
export function groupArn(group: Scope & Pick<LogGroupSpec, 'logGroupName'>): string {
  return formatArn('logs', group, `log-group:${group.logGroupName}`);
}

/** The same and `:log-stream:<name>`. */
export function streamArn(stream: LogStreamSpec): string {
  return `${groupArn(stream)}:log-stream:${stream.logStreamName}`;
}

/**
 * The group's name out of a name or an ARN (with or without `:*`). Throws where neither is given, or both, and
 * ResourceNotFoundException where the ARN names no group of this account and region.
 */
export function groupNameOf(
  scope: Scope,
  {
    logGroupName,
    logGroupIdentifier,
  }: { readonly logGroupName?: string | undefined; readonly logGroupIdentifier?: string | undefined },
): string {
  if (logGroupName !== undefined && logGroupIdentifier !== undefined) {
    throw invalidParameter('Exactly one of logGroupName and logGroupIdentifier must be given.');
  }
  const identifier = logGroupIdentifier ?? logGroupName;
  if (identifier === undefined) throw invalidParameter('Either logGroupName or logGroupIdentifier must be given.');
  return identifier.startsWith('arn:') ? groupNameOfArn(scope, identifier) : identifier;
}

/** The group's name in an ARN. Throws ResourceNotFoundException where it names no group of this account and region. */
export function groupNameOfArn({ account, region }: Scope, text: string): string {
  const arn = parseArn(text);
  const isOwn = arn?.service === 'logs' && arn.account === account && arn.region === region;
  const name = isOwn ? /^log-group:([^:]+)(?::\*)?$/.exec(arn.resource)?.[1] : undefined;
  if (name === undefined) throw groupNotFound();
  return name;
}
