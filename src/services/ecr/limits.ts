// How much a request may ask for at once.
// https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImages.html and its siblings
import { invalidParameter, outOfRange } from './errors.ts';

const pageSize = 100;
const mostListed = 1000;
const mostInBatch = 100;

/** The size of a page. Throws InvalidParameterException where it is out of range. */
export function pageLimit(maxResults: number | undefined): number {
  if (maxResults === undefined) return pageSize;
  if (maxResults < 1) throw outOfRange('maxResults', 'value', 'greater than or equal to 1');
  if (maxResults > mostListed) throw outOfRange('maxResults', 'value', `less than or equal to ${mostListed}`);
  return maxResults;
}

/** Throws InvalidParameterException where a batch is empty or too long. */
export function checkBatch(parameter: string, items: readonly unknown[] | undefined): void {
  const length = items?.length ?? 0;
  if (length < 1) throw outOfRange(parameter, 'length', 'greater than or equal to 1');
  if (length > mostInBatch) throw outOfRange(parameter, 'length', `less than or equal to ${mostInBatch}`);
}

const tagStatuses = ['TAGGED', 'UNTAGGED', 'ANY'];
const imageStatuses = ['ACTIVE', 'ARCHIVED', 'ACTIVATING', 'ANY'];

/** Throws InvalidParameterException where a filter asks for a status that no image has. */
export function checkFilter(
  filter: { readonly tagStatus?: string | undefined; readonly imageStatus?: string | undefined } | undefined,
): void {
  requireOneOf('filter.tagStatus', filter?.tagStatus, tagStatuses);
  requireOneOf('filter.imageStatus', filter?.imageStatus, imageStatuses);
}

function requireOneOf(parameter: string, value: string | undefined, values: readonly string[]): void {
  if (value === undefined || values.includes(value)) return;
  throw invalidParameter(parameter, `Member must satisfy enum value set: [${values.join(', ')}]`);
}
