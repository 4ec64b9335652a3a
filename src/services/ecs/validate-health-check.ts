// Checks a container's health check against AWS's rules, in AWS's words, and fills in its defaults. Pure.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_HealthCheck.html
import { clientException } from './errors.ts';
import type { HealthCheck } from './shapes.ts';

/** Least and most of what may be asked for; seconds, but for `retries`. */
const ranges = { interval: [5, 300], timeout: [2, 60], retries: [1, 10], startPeriod: [0, 300] } as const;
const defaults = { interval: 30, timeout: 5, retries: 3 } as const;

/** As DescribeTaskDefinition answers it. Throws ClientException. */
export function checkedHealthCheck(healthCheck: HealthCheck): HealthCheck {
  const [kind, ...words] = healthCheck.command ?? [];
  if (kind === undefined) throw clientException('Health check command cannot be empty.');
  if (kind !== 'CMD' && kind !== 'CMD-SHELL') {
    throw clientException(`Health check command must start with CMD or CMD-SHELL, not '${kind}'.`);
  }
  if (!words[0]) throw clientException(`Health check command has nothing to run after ${kind}.`);
  if (words.some((word) => word.includes('\0'))) {
    throw clientException('Health check command contains invalid characters.');
  }
  for (const member of Object.keys(ranges) as (keyof typeof ranges)[]) checkRange(member, healthCheck[member]);
  const { interval = defaults.interval, timeout = defaults.timeout, retries = defaults.retries } = healthCheck;
  return { ...healthCheck, interval, timeout, retries };
}

function checkRange(member: keyof typeof ranges, value: number | undefined): void {
  const [least, most] = ranges[member];
  if (value === undefined) return;
  if (value < least) {
    throw clientException(`Health check ${member} must be greater than or equal to the minimum allowed value ${least}`);
  }
  if (value > most) {
    throw clientException(`Health check ${member} must be less than or equal to the maximum allowed value ${most}`);
  }
}
