// Tags of clusters, task definitions and tasks: TagResource, UntagResource, ListTagsForResource.
import { parseArn } from '#kernel/arn.ts';
import type { Reader, Tx } from '#kernel/store.ts';
import type { Context, Operations } from '#aws/service.ts';
import { clusterNotFound, invalidParameter, taskNotFound } from './errors.ts';
import { clusterKey, clusterKind, taskDefinitionKey, taskDefinitionKind, taskKey, taskKind } from './kinds.ts';
import type { Tag } from './shapes.ts';
import { checkedTags, mergedTags, withoutTags } from './tags.ts';

export const taggingOperations: Operations<'ecs'> = {
  TagResource: {
    accepts: { resourceArn: true, tags: true },
    resource: ({ resourceArn = '' }) => resourceArn,
    run({ resourceArn = '', tags }, tx, context) {
      const added = checkedTags(tags);
      changeTags(resourceArn, tx, context, (present) => mergedTags(present, added));
      return {};
    },
  },
  UntagResource: {
    accepts: { resourceArn: true, tagKeys: true },
    resource: ({ resourceArn = '' }) => resourceArn,
    run({ resourceArn = '', tagKeys = [] }, tx, context) {
      if (tagKeys.some((key) => key.startsWith('aws:'))) {
        throw invalidParameter("Tags whose key begins with 'aws:' cannot be removed.");
      }
      changeTags(resourceArn, tx, context, (present) => withoutTags(present, tagKeys));
      return {};
    },
  },
  ListTagsForResource: {
    accepts: { resourceArn: true },
    resource: ({ resourceArn = '' }) => resourceArn,
    read: ({ resourceArn = '' }, reader, context) => ({ tags: [...find(resourceArn, reader, context).tags] }),
  },
};

function changeTags(arn: string, tx: Tx, context: Context, change: (tags: readonly Tag[]) => Tag[]): void {
  const found = find(arn, tx, context);
  found.put(tx, change(found.tags));
}

interface Tagged {
  readonly tags: readonly Tag[];
  put(tx: Tx, tags: Tag[]): void;
}

function find(arn: string, reader: Reader, context: Context): Tagged {
  const { service, account, region, resource = '' } = parseArn(arn) ?? {};
  if (service !== 'ecs' || account !== context.account || region !== context.region) throw invalidArn(arn);
  const [, type = '', name = ''] = /^([a-z-]+)\/(.+)$/.exec(resource) ?? [];
  switch (type) {
    case 'cluster':
      return findCluster(name, reader, context);
    case 'task-definition':
      return findDefinition(name, reader, context, arn);
    case 'task':
      return findTask(name, reader, context);
    default:
      throw invalidArn(arn);
  }
}

function findCluster(name: string, reader: Reader, context: Context): Tagged {
  const found = reader.get(clusterKind, clusterKey(context, name));
  if (found === undefined) throw clusterNotFound();
  if (found.spec.status === 'INACTIVE') {
    throw invalidParameter('The specified cluster is inactive. Specify an active cluster and try again.');
  }
  return { tags: found.spec.tags, put: (tx, tags) => tx.setSpec(clusterKind, found.key, { ...found.spec, tags }) };
}

function findDefinition(name: string, reader: Reader, context: Context, arn: string): Tagged {
  const [family = '', revision = ''] = name.split(':');
  if (!/^[1-9]\d*$/.test(revision)) throw invalidArn(arn);
  const found = reader.get(taskDefinitionKind, taskDefinitionKey(context, family, Number(revision)));
  if (found === undefined) {
    throw invalidParameter(
      'The specified task definition does not exist. Specify a valid task definition and try again.',
    );
  }
  return {
    tags: found.spec.tags,
    put: (tx, tags) => tx.setSpec(taskDefinitionKind, found.key, { ...found.spec, tags }),
  };
}

function findTask(name: string, reader: Reader, context: Context): Tagged {
  const [cluster = '', id = ''] = name.split('/');
  const found = reader.get(taskKind, taskKey(context, cluster, id));
  if (found === undefined) throw taskNotFound();
  return { tags: found.spec.tags, put: (tx, tags) => tx.setSpec(taskKind, found.key, { ...found.spec, tags }) };
}

function invalidArn(arn: string) {
  return invalidParameter(`Invalid identifier: ${arn} is not the ARN of a cluster, task definition or task.`);
}
