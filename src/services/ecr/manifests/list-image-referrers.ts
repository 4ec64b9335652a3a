// The API's operation that lists what refers to an image.
// https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ListImageReferrers.html
import type { In, Operations } from '#aws/service.ts';
import { invalidParameter, outOfRange } from '#services/ecr/errors.ts';
import { repositoryIn } from '#services/ecr/image-records.ts';
import { isArchived } from '#services/ecr/lifecycle/storage-class.ts';
import { isDigest } from '#services/ecr/names.ts';
import { addressed, addressedArn } from '#services/ecr/registry-scope.ts';
import { describeReferrer, referrersOf } from './referrers.ts';

const mostListed = 50;
const statuses = ['ACTIVE', 'ARCHIVED', 'ACTIVATING', 'ANY'];

type Filter = NonNullable<In<'ecr', 'ListImageReferrers'>['filter']>;

export const referrerOperations: Operations<'ecr'> = {
  ListImageReferrers: {
    accepts: true,
    // "The IAM principal invoking this operation must have the ecr:BatchGetImage permission."
    action: 'ecr:BatchGetImage',
    resource: addressedArn,
    read(input, reader, context) {
      const repository = repositoryIn(reader, addressed(input, context));
      const subject = input.subjectId?.imageDigest ?? '';
      if (!isDigest(subject)) {
        throw invalidParameter(
          'subjectId.imageDigest',
          "must satisfy regular expression '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'",
        );
      }
      const { artifactTypes = [], artifactStatus = 'ACTIVE' } = checkedFilter(input.filter);
      const referrers = referrersOf(reader, repository, subject)
        .map((image) => ({
          ...describeReferrer(image),
          artifactStatus: isArchived(reader, image) ? ('ARCHIVED' as const) : ('ACTIVE' as const),
        }))
        .filter(({ artifactType }) => artifactTypes.length === 0 || artifactTypes.includes(artifactType ?? ''))
        .filter((each) => artifactStatus === 'ANY' || each.artifactStatus === artifactStatus);
      const limit = limitOf(input.maxResults);
      const page = context.page(referrers, ({ digest }) => digest, { token: input.nextToken, limit });
      return { referrers: page.items, nextToken: page.nextToken };
    },
  },
};

function checkedFilter(filter: Filter = {}): Filter {
  const { artifactTypes = [], artifactStatus } = filter;
  if (artifactTypes.length > 5) throw outOfRange('filter.artifactTypes', 'length', 'less than or equal to 5');
  if (artifactTypes.some(({ length }) => length < 1 || length > 255)) {
    throw outOfRange('filter.artifactTypes', 'length', 'between 1 and 255');
  }
  if (artifactStatus !== undefined && !statuses.includes(artifactStatus)) {
    throw invalidParameter('filter.artifactStatus', `Member must satisfy enum value set: [${statuses.join(', ')}]`);
  }
  return filter;
}

function limitOf(maxResults = mostListed): number {
  if (maxResults < 1) throw outOfRange('maxResults', 'value', 'greater than or equal to 1');
  if (maxResults > mostListed) throw outOfRange('maxResults', 'value', `less than or equal to ${mostListed}`);
  return maxResults;
}
