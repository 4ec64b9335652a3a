// The key-value tags of a repository: AWS's limits, and the three operations on them.
import type { Context, Operations } from '#aws/service.ts';
import { parseArn } from '#kernel/arn.ts';
import type { Reader } from '#kernel/store.ts';
import { invalidParameter, invalidTagParameter, otherRegion, tooManyTags } from './errors.ts';
import { repositoryIn } from './image-records.ts';
import { type Repository, repositoryKind } from './kinds.ts';

type TagMap = Readonly<Record<string, string>>;

const limit = 50;

/** `current` with `added` over it. Throws InvalidTagParameterException and TooManyTagsException. */
export function mergeTags(
  current: TagMap,
  added: readonly { readonly Key?: string | undefined; readonly Value?: string | undefined }[],
): TagMap {
  const merged = new Map(Object.entries(current));
  for (const { Key: key = '', Value: value = '' } of added) {
    if (key.length < 1 || key.length > 128)
      throw invalidTagParameter('A tag key must have between 1 and 128 characters');
    if (value.length > 256) throw invalidTagParameter('A tag value must have at most 256 characters');
    if (/^aws:/i.test(key)) throw invalidTagParameter('Tag keys that begin with aws: are reserved for AWS');
    merged.set(key, value);
  }
  if (merged.size > limit) throw tooManyTags(limit);
  return Object.fromEntries(merged);
}

function repositoryAt(reader: Reader, arn: string | undefined, context: Context): Repository {
  const parsed = parseArn(arn ?? '');
  if (parsed?.service !== 'ecr' || !parsed.resource.startsWith('repository/')) {
    throw invalidParameter('resourceArn', 'Invalid ARN');
  }
  const repositoryName = parsed.resource.slice('repository/'.length);
  if (parsed.region !== context.region) {
    throw otherRegion(arn!, context.region);
  }
  return repositoryIn(reader, { scope: { account: parsed.account, region: parsed.region }, repositoryName });
}

export const resourceTagOperations: Operations<'ecr'> = {
  ListTagsForResource: {
    accepts: true,
    resource: ({ resourceArn }) => resourceArn ?? '*',
    read(input, reader, context) {
      const repository = repositoryAt(reader, input.resourceArn, context);
      return { tags: Object.entries(repository.spec.tags).map(([Key, Value]) => ({ Key, Value })) };
    },
  },
  TagResource: {
    accepts: true,
    resource: ({ resourceArn }) => resourceArn ?? '*',
    run(input, tx, context) {
      const { key, spec } = repositoryAt(tx, input.resourceArn, context);
      tx.setSpec(repositoryKind, key, { ...spec, tags: mergeTags(spec.tags, input.tags ?? []) });
      return {};
    },
  },
  UntagResource: {
    accepts: true,
    resource: ({ resourceArn }) => resourceArn ?? '*',
    run(input, tx, context) {
      const { key, spec } = repositoryAt(tx, input.resourceArn, context);
      const gone = new Set(input.tagKeys);
      const tags = Object.fromEntries(Object.entries(spec.tags).filter(([name]) => !gone.has(name)));
      tx.setSpec(repositoryKind, key, { ...spec, tags });
      return {};
    },
  },
};
