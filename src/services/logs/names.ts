// Names and ARNs of groups and streams.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html
import { formatArn, parseArn, type Scope } from '#kernel/arn.ts';
import { invalidParameter } from './errors.ts';
import type { LogGroupSpec, LogStreamSpec } from './kinds.ts';

const groupPattern = '[\\.\\-_/#A-Za-z0-9]+';
const streamPattern = '[^:*]*';

/** Throws AWS's validation error where `name` cannot name a log group. */
export function checkGroupName(name: string): void {
  check(name, 'logGroupName', groupPattern);
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
  throw invalidParameter(
    `1 validation error detected: Value '${name}' at '${member}' failed to satisfy constraint: ${constraint}`,
  );
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

/** The group's name out of a name or an ARN (with or without `:*`). Throws where neither is given, or both. */
export function groupNameOf(input: {
  readonly logGroupName?: string | undefined;
  readonly logGroupIdentifier?: string | undefined;
}): string {
  const { logGroupName, logGroupIdentifier } = input;
  if (logGroupName !== undefined && logGroupIdentifier !== undefined) {
    throw invalidParameter('Exactly one of logGroupName and logGroupIdentifier must be given.');
  }
  const identifier = logGroupIdentifier ?? logGroupName;
  if (identifier === undefined) throw invalidParameter('Either logGroupName or logGroupIdentifier must be given.');
  return groupNameOfArn(identifier) ?? identifier;
}

/** The group's name in an ARN; undefined where `text` is no ARN of a log group. */
export function groupNameOfArn(text: string): string | undefined {
  const arn = parseArn(text);
  if (arn?.service !== 'logs') return undefined;
  return /^log-group:([^:]+)(?::\*)?$/.exec(arn.resource)?.[1];
}
