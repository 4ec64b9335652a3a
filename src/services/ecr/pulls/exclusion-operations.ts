// The API's operations on who may pull without leaving a time behind.
// https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_RegisterPullTimeUpdateExclusion.html
import type { Operations } from '#aws/service.ts';
import { invalidParameter, outOfRange } from '#services/ecr/errors.ts';
import { pageLimit } from '#services/ecr/limits.ts';
import { changeRegistry, registryIn } from '#services/ecr/registry-record.ts';
import { scopeOf } from '#services/ecr/registry-scope.ts';
import { exclusionAlreadyExists, exclusionNotFound, tooManyExclusions } from './errors.ts';

const pattern = '^arn:aws(-[a-z]+)*:iam::[0-9]{12}:(role|user)/[\\w+=,.@-]+(/[\\w+=,.@-]+)*$';
const most = 100;

export const exclusionOperations: Operations<'ecr'> = {
  RegisterPullTimeUpdateExclusion: {
    accepts: true,
    run(input, tx, context) {
      const principalArn = principalArnOf(input);
      changeRegistry(tx, scopeOf(context), (registry) => {
        const { pullTimeExclusions } = registry;
        if (pullTimeExclusions.includes(principalArn)) throw exclusionAlreadyExists(principalArn);
        if (pullTimeExclusions.length >= most) throw tooManyExclusions(most);
        return { ...registry, pullTimeExclusions: [...pullTimeExclusions, principalArn] };
      });
      return { principalArn, createdAt: context.now };
    },
  },
  DeregisterPullTimeUpdateExclusion: {
    accepts: true,
    run(input, tx, context) {
      const principalArn = principalArnOf(input);
      changeRegistry(tx, scopeOf(context), (registry) => {
        const { pullTimeExclusions } = registry;
        if (!pullTimeExclusions.includes(principalArn)) throw exclusionNotFound(principalArn);
        return { ...registry, pullTimeExclusions: pullTimeExclusions.filter((arn) => arn !== principalArn) };
      });
      return { principalArn };
    },
  },
  ListPullTimeUpdateExclusions: {
    accepts: true,
    read(input, reader, context) {
      const arns = registryIn(reader, scopeOf(context)).pullTimeExclusions.toSorted();
      const page = context.page(arns, (arn) => arn, { token: input.nextToken, limit: pageLimit(input.maxResults) });
      return { pullTimeUpdateExclusions: page.items, nextToken: page.nextToken };
    },
  },
};

function principalArnOf({ principalArn = '' }: { readonly principalArn?: string | undefined }): string {
  if (principalArn.length > 200) throw outOfRange('principalArn', 'length', 'less than or equal to 200');
  if (!new RegExp(pattern).test(principalArn)) {
    throw invalidParameter('principalArn', `must satisfy regular expression '${pattern}'`);
  }
  return principalArn;
}
