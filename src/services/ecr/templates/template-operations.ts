// The API's operations on creation templates; create-repository.ts is where they act.
import type { Context, In, Operation, OperationName, Operations, Out } from '#aws/service.ts';
import { scopedKey } from '#kernel/arn.ts';
import type { Reader, Resource } from '#kernel/store.ts';
import { prefixKey } from '#services/ecr/keys.ts';
import { creationTemplateKind, type CreationTemplateSpec } from '#services/ecr/kinds.ts';
import { checkBatch, pageLimit } from '#services/ecr/limits.ts';
import { scopeOf } from '#services/ecr/registry-scope.ts';
import { changeTemplate, describeTemplate, readPrefix } from './creation-template.ts';
import { templateAlreadyExists, templateNotFound } from './errors.ts';

type Handler<N extends OperationName<'ecr'> & string> = Operation<In<'ecr', N>, Out<'ecr', N>>;

// Not customRoleArn: there are no roles yet, and none is needed to tag a repository.
const accepts = {
  prefix: true,
  description: true,
  encryptionConfiguration: true,
  resourceTags: true,
  imageTagMutability: true,
  imageTagMutabilityExclusionFilters: true,
  repositoryPolicy: true,
  lifecyclePolicy: true,
  appliedFor: true,
} as const;

const createTemplate: Handler<'CreateRepositoryCreationTemplate'> = {
  accepts,
  run(input, tx, context) {
    const key = keyOf(input.prefix, context);
    const prefix = input.prefix!;
    if (tx.get(creationTemplateKind, key) !== undefined) throw templateAlreadyExists(prefix, context.account);
    const at = context.now.getTime();
    const plain = {
      prefix,
      appliedFor: [],
      imageTagMutability: 'MUTABLE' as const,
      exclusionFilters: [],
      encryption: { encryptionType: 'AES256' as const },
      tags: {},
      createdAt: at,
      updatedAt: at,
    };
    const spec = changeTemplate(plain, { ...input, appliedFor: input.appliedFor ?? [] });
    tx.put(creationTemplateKind, key, { spec, status: null });
    return answer(spec, context);
  },
};

const updateTemplate: Handler<'UpdateRepositoryCreationTemplate'> = {
  accepts,
  run(input, tx, context) {
    const { key, spec } = templateAt(tx, input.prefix, context);
    const changed = { ...changeTemplate(spec, input), updatedAt: context.now.getTime() };
    tx.setSpec(creationTemplateKind, key, changed);
    return answer(changed, context);
  },
};

const deleteTemplate: Handler<'DeleteRepositoryCreationTemplate'> = {
  accepts: true,
  run(input, tx, context) {
    const { key, spec } = templateAt(tx, input.prefix, context);
    tx.delete(creationTemplateKind, key);
    return answer(spec, context);
  },
};

const describeTemplates: Handler<'DescribeRepositoryCreationTemplates'> = {
  accepts: true,
  read(input, reader, context) {
    const { prefixes, maxResults, nextToken } = input;
    const all = reader.list(creationTemplateKind, scopedKey(scopeOf(context), ''));
    if (prefixes !== undefined) checkBatch('prefixes', prefixes);
    const keys = prefixes && new Set(prefixes.map((prefix) => keyOf(prefix, context)));
    const wanted = keys === undefined ? all : all.filter(({ key }) => keys.has(key));
    const page = context.page(wanted, ({ key }) => key, { token: nextToken, limit: pageLimit(maxResults) });
    return {
      registryId: context.account,
      repositoryCreationTemplates: page.items.map(({ spec }) => describeTemplate(spec)),
      nextToken: page.nextToken,
    };
  },
};

function keyOf(prefix: string | undefined, context: Context): string {
  return prefixKey(scopeOf(context), readPrefix(prefix));
}

function templateAt(
  reader: Reader,
  prefix: string | undefined,
  context: Context,
): Resource<CreationTemplateSpec, null> {
  const template = reader.get(creationTemplateKind, keyOf(prefix, context));
  if (template === undefined) throw templateNotFound(prefix!, context.account);
  return template;
}

function answer(spec: CreationTemplateSpec, { account }: Context) {
  return { registryId: account, repositoryCreationTemplate: describeTemplate(spec) };
}

export const templateOperations: Operations<'ecr'> = {
  CreateRepositoryCreationTemplate: createTemplate,
  UpdateRepositoryCreationTemplate: updateTemplate,
  DeleteRepositoryCreationTemplate: deleteTemplate,
  DescribeRepositoryCreationTemplates: describeTemplates,
};
