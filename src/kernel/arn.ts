// Amazon Resource Names: `arn:partition:service:region:account:resource`.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html

/** The account and region that a resource lives in. */
export interface Scope {
  /** Twelve digits. */
  readonly account: string;
  /** `us-east-1`, … */
  readonly region: string;
}

export interface Arn extends Scope {
  readonly partition: string;
  readonly service: string;
  /** Everything after the account, slashes and colons included. */
  readonly resource: string;
}

/** Whether a text has the form of a region's name: `us-east-1`, `us-gov-west-1`. Every region of that form exists here. */
export function isRegion(text: string): boolean {
  return text.length <= 32 && /^[a-z]{2}(-[a-z]+)+-\d{1,2}$/.test(text);
}

/** The partition that a region belongs to: `aws`, `aws-cn` or `aws-us-gov`. */
function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn';
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}

/** The ARN of `resource` of `service` in a scope; global services pass `region: ''`. */
export function formatArn(service: string, scope: Scope, resource: string): string {
  return `arn:${partitionOf(scope.region)}:${service}:${scope.region}:${scope.account}:${resource}`;
}

/** The parts of an ARN, or undefined where `text` is none. */
export function parseArn(text: string): Arn | undefined {
  const [prefix, partition, service, region, account, ...resource] = text.split(':');
  if (prefix !== 'arn' || !partition || !service || region === undefined || account === undefined) return undefined;
  return resource.length === 0 ? undefined : { partition, service, region, account, resource: resource.join(':') };
}

/**
 * The store key of a resource: `account/region/part/part…`. A prefix of it (with its slash) lists a scope's resources.
 */
export function scopedKey(scope: Scope, ...parts: string[]): string {
  return [scope.account, scope.region, ...parts].join('/');
}
