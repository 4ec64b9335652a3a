// Which tags of a repository may move. Pure.
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-tag-mutability.html
import { exclusionFiltersMissing, exclusionFiltersUnexpected, invalidParameter } from './errors.ts';
import type { RepositorySpec, TagMutability } from './kinds.ts';

export type MutabilitySetting = Pick<RepositorySpec, 'imageTagMutability' | 'exclusionFilters'>;

const settings: readonly TagMutability[] = [
  'IMMUTABLE_WITH_EXCLUSION',
  'IMMUTABLE',
  'MUTABLE_WITH_EXCLUSION',
  'MUTABLE',
];
const filterPattern = '^[0-9a-zA-Z._*-]{1,128}$';

/** Whether `tag`, once it is there, must stay with its image. */
export function isTagImmutable({ imageTagMutability, exclusionFilters }: MutabilitySetting, tag: string): boolean {
  const excluded = exclusionFilters.some((filter) => matches(filter, tag));
  return imageTagMutability.startsWith('IMMUTABLE')
    ? !excluded
    : imageTagMutability === 'MUTABLE_WITH_EXCLUSION' && excluded;
}

/** The setting that a request asks for. Throws InvalidParameterException where there is none such or its parts don't fit. */
export function readMutability(
  imageTagMutability: TagMutability = 'MUTABLE',
  filters: readonly { readonly filterType?: string; readonly filter?: string }[] = [],
): MutabilitySetting {
  if (!settings.includes(imageTagMutability)) {
    throw invalidParameter('imageTagMutability', `Member must satisfy enum value set: [${settings.join(', ')}]`);
  }
  const parameter = 'imageTagMutabilityExclusionFilters';
  const excluding = imageTagMutability.endsWith('_WITH_EXCLUSION');
  if (excluding !== filters.length > 0) {
    throw excluding ? exclusionFiltersMissing(imageTagMutability) : exclusionFiltersUnexpected();
  }
  if (filters.length > 5) throw invalidParameter(parameter, 'Member must have length less than or equal to 5');
  for (const { filter = '', filterType } of filters) {
    if (filterType !== 'WILDCARD')
      throw invalidParameter(`${parameter}.filterType`, 'Member must satisfy enum value set: [WILDCARD]');
    if (!new RegExp(filterPattern).test(filter)) {
      throw invalidParameter(`${parameter}.filter`, `must satisfy regular expression '${filterPattern}'`);
    }
    if (filter.split('*').length > 3) throw invalidParameter(`${parameter}.filter`, 'must contain at most 2 wildcards');
  }
  return { imageTagMutability, exclusionFilters: filters.map(({ filter = '' }) => filter) };
}

/** Two wildcards at most, so the pattern's work stays small for any tag. */
function matches(filter: string, tag: string): boolean {
  const pattern = filter
    .split('*')
    .map((part) => part.replaceAll('.', '\\.'))
    .join('.*');
  return new RegExp(`^${pattern}$`).test(tag);
}
