// How much a request may ask for or bring, in AWS's words.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/logs/cloudwatch_limits_cwl.html
import { invalidValue } from './errors.ts';

const mostDescribed = 50;
const mostRead = 10_000;

/** The page size of a Describe call. Throws InvalidParameterException where it is out of range. */
export function describeLimit(limit: number | undefined): number {
  return checked(limit, mostDescribed);
}

/** The most events of an answer. Throws InvalidParameterException where it is out of range. */
export function readLimit(limit: number | undefined): number {
  return checked(limit, mostRead);
}

function checked(limit: number | undefined, most: number): number {
  if (limit === undefined) return most;
  if (limit < 1) throw invalidValue(limit, 'limit', 'Member must have value greater than or equal to 1');
  if (limit > most) throw invalidValue(limit, 'limit', `Member must have value less than or equal to ${most}`);
  return limit;
}

/** Throws InvalidParameterException where a list has fewer or more items than AWS takes. */
export function checkLength(items: readonly unknown[], member: string, most: number): void {
  if (items.length < 1) throw invalidValue(undefined, member, 'Member must have length greater than or equal to 1');
  if (items.length > most)
    throw invalidValue(undefined, member, `Member must have length less than or equal to ${most}`);
}
