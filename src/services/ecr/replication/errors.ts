// What the replication operations are refused with.
import type { AwsError } from '#kernel/error.ts';
import { invalidParameter } from '#services/ecr/errors.ts';

const parameter = 'replicationConfiguration';

export function replicatesToItself(): AwsError {
  return invalidParameter(parameter, 'Replication destination cannot be the same as the source registry');
}

export function otherPartition(region: string): AwsError {
  return invalidParameter(parameter, `Replication destination region '${region}' is in another partition`);
}

export function unknownRegion(region: string): AwsError {
  return invalidParameter(parameter, `Replication destination region '${region}' is not a region`);
}

export function tooManyDestinations(limit: number): AwsError {
  return invalidParameter(parameter, `Replication rules must have at most ${limit} unique destinations`);
}
