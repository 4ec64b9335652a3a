// The errors of lifecycle policies and storage classes in AWS's exact words.
// https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_PutLifecyclePolicy.html#API_PutLifecyclePolicy_Errors and its siblings
import { AwsError } from '#kernel/error.ts';
import { imageNotFound, invalidParameter } from '#services/ecr/errors.ts';

/** `reason` is what AWS's validator says: `object has missing required properties (["rules"])`. */
export function invalidLifecyclePolicy(reason: string): AwsError {
  return invalidParameter('LifecyclePolicyText', `Lifecycle policy validation failure: ${reason}`);
}

export function lifecyclePolicyNotFound(repositoryName: string, registryId: string): AwsError {
  return new AwsError(
    'LifecyclePolicyNotFoundException',
    `Lifecycle policy does not exist for the repository with name '${repositoryName}' in the registry with id '${registryId}'`,
  );
}

export function previewNotFound(repositoryName: string, registryId: string): AwsError {
  return new AwsError(
    'LifecyclePolicyPreviewNotFoundException',
    `Lifecycle policy preview does not exist for the repository with name '${repositoryName}' in the registry with id '${registryId}'`,
  );
}

export function previewInProgress(repositoryName: string, registryId: string): AwsError {
  return new AwsError(
    'LifecyclePolicyPreviewInProgressException',
    `The previous lifecycle policy preview request for the repository with name '${repositoryName}' in the registry with id '${registryId}' has not completed. Wait and try again.`,
  );
}

export function previewPagedById(): AwsError {
  return new AwsError('InvalidParameterException', 'maxResults and nextToken cannot be used together with imageIds');
}

export function archivingReferenced(indexes: readonly string[]): AwsError {
  return new AwsError(
    'ImageStorageClassUpdateNotSupportedException',
    `The requested image storage class update is not supported: the image is referenced by manifest list: [${indexes.join(', ')}]`,
  );
}

/** "Requests to pull the archived image will fail with a 404 error." */
export function imageArchived(
  imageId: Parameters<typeof imageNotFound>[0],
  repositoryName: string,
  registryId: string,
): AwsError {
  const { code, message } = imageNotFound(imageId, repositoryName, registryId);
  return new AwsError(
    code,
    `${message}: it is archived, and can be pulled once UpdateImageStorageClass has restored it`,
  );
}
