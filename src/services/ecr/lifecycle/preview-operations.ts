// The API's operations that try a lifecycle policy.
import type { In, Operations, Out } from '#aws/service.ts';
import { outOfRange } from '#services/ecr/errors.ts';
import { repositoryIn, type ImageId } from '#services/ecr/image-records.ts';
import { lifecyclePreviewKind, type LifecycleResult } from './kinds.ts';
import { checkBatch, checkFilter } from '#services/ecr/limits.ts';
import { addressed, addressedArn } from '#services/ecr/registry-scope.ts';
import { previewInProgress, previewNotFound, previewPagedById } from './errors.ts';
import { readLifecyclePolicy } from './lifecycle-policy.ts';
import { policyOf } from './policy-operations.ts';

type Asked = In<'ecr', 'GetLifecyclePolicyPreview'>;
type Preview = Out<'ecr', 'GetLifecyclePolicyPreview'>;

const mostListed = 100;

export const lifecyclePreviewOperations: Operations<'ecr'> = {
  StartLifecyclePolicyPreview: {
    accepts: true,
    resource: addressedArn,
    run(input, tx, context) {
      const name = addressed(input, context);
      const { key } = repositoryIn(tx, name);
      if (tx.get(lifecyclePreviewKind, key)?.status.state === 'IN_PROGRESS') {
        throw previewInProgress(name.repositoryName, name.scope.account);
      }
      const policyText = input.lifecyclePolicyText ?? policyOf(tx, name).spec.policyText;
      readLifecyclePolicy(policyText);
      const spec = { policyText, startedAt: context.now.getTime() };
      tx.put(lifecyclePreviewKind, key, { spec, status: { state: 'IN_PROGRESS' } });
      return {
        registryId: name.scope.account,
        repositoryName: name.repositoryName,
        lifecyclePolicyText: policyText,
        status: 'IN_PROGRESS',
      };
    },
  },
  GetLifecyclePolicyPreview: {
    accepts: true,
    resource: addressedArn,
    read(input, reader, context) {
      const name = addressed(input, context);
      checkAsked(input);
      const preview = reader.get(lifecyclePreviewKind, repositoryIn(reader, name).key);
      if (preview === undefined) throw previewNotFound(name.repositoryName, name.scope.account);
      const { status, spec } = preview;
      const head = {
        registryId: name.scope.account,
        repositoryName: name.repositoryName,
        lifecyclePolicyText: spec.policyText,
        status: status.state,
      };
      if (status.state !== 'COMPLETE') return head;
      const wanted = status.results.filter((result) => isWanted(result, input)).toSorted(byPlace);
      const page = context.page(wanted, placeOf, { token: input.nextToken, limit: input.maxResults ?? mostListed });
      return {
        ...head,
        previewResults: page.items.map(describeResult),
        nextToken: page.nextToken,
        summary: summarize(status.results),
      };
    },
  },
};

function checkAsked({ imageIds, maxResults, nextToken, filter }: Asked): void {
  checkFilter(filter);
  if (maxResults !== undefined && maxResults < 1) throw outOfRange('maxResults', 'value', 'greater than or equal to 1');
  if (maxResults !== undefined && maxResults > mostListed) {
    throw outOfRange('maxResults', 'value', `less than or equal to ${mostListed}`);
  }
  if (imageIds === undefined || imageIds.length === 0) return;
  if (maxResults !== undefined || nextToken !== undefined) throw previewPagedById();
  checkBatch('imageIds', imageIds);
}

function isWanted(result: LifecycleResult, { imageIds, filter }: Asked): boolean {
  if (filter?.tagStatus === 'TAGGED' && result.tags.length === 0) return false;
  if (filter?.tagStatus === 'UNTAGGED' && result.tags.length > 0) return false;
  if (imageIds === undefined || imageIds.length === 0) return true;
  return imageIds.some((id) => names(id, result));
}

function names({ imageDigest, imageTag }: ImageId, { digest, tags }: LifecycleResult): boolean {
  if (imageDigest === undefined && imageTag === undefined) return false;
  return (imageDigest ?? digest) === digest && (imageTag === undefined || tags.includes(imageTag));
}

/** Older images first, as they would go. */
function placeOf({ pushedAt, digest }: LifecycleResult): string {
  return `${String(pushedAt).padStart(16, '0')} ${digest}`;
}

function byPlace(one: LifecycleResult, other: LifecycleResult): number {
  return placeOf(one) < placeOf(other) ? -1 : 1;
}

function describeResult(result: LifecycleResult): NonNullable<Preview['previewResults']>[number] {
  const { digest, tags, storageClass, pushedAt, rulePriority, action } = result;
  return {
    ...(tags.length === 0 ? {} : { imageTags: [...tags] }),
    imageDigest: digest,
    imagePushedAt: new Date(pushedAt),
    action: action === 'EXPIRE' ? { type: 'EXPIRE' } : { type: 'TRANSITION', targetStorageClass: 'ARCHIVE' },
    appliedRulePriority: rulePriority,
    storageClass,
  };
}

function summarize(results: readonly LifecycleResult[]): NonNullable<Preview['summary']> {
  const expiring = results.filter(({ action }) => action === 'EXPIRE').length;
  const archiving = results.length - expiring;
  const counts = [{ targetStorageClass: 'ARCHIVE' as const, imageTotalCount: archiving }];
  return { expiringImageTotalCount: expiring, ...(archiving === 0 ? {} : { transitioningImageTotalCounts: counts }) };
}
