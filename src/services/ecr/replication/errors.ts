// What the replication operations are refused with.
import { AwsError } from '#kernel/error.ts';
import type { Scope } from '#kernel/arn.ts';
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

export function destinationNotConfigured({ region, account }: Scope): AwsError {
  return invalidParameter(
    'destination',
    `The registry's replication configuration has no rule with the destination ${account} in ${region}`,
  );
}

export function backfillInProgress(region: string): AwsError {
  return new AwsError(
    'ReplicationBackfillInProgressException',
    `A replication backfill is already in progress for the destination region '${region}'`,
  );
}

export function tooManyBackfills(limit: number): AwsError {
  return new AwsError(
    'LimitExceededException',
    `The registry already has ${limit} replication backfills in progress, which is the limit`,
  );
}

export function backfillNotFound(id: string, registryId: string): AwsError {
  return new AwsError(
    'ReplicationBackfillNotFoundException',
    `The replication backfill with id '${id}' does not exist in the registry with id '${registryId}'`,
  );
}

export function backfillEnded(id: string, status: string): AwsError {
  return new AwsError(
    'ReplicationBackfillInvalidStatusException',
    `The replication backfill with id '${id}' cannot be stopped because its status is ${status}`,
  );
}
