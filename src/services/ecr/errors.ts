// ecr's errors in AWS's exact words.
// https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html#API_CreateRepository_Errors and its siblings
import { AwsError } from '#kernel/error.ts';

export function repositoryAlreadyExists(repositoryName: string, registryId: string): AwsError {
  return new AwsError(
    'RepositoryAlreadyExistsException',
    `The repository with name '${repositoryName}' already exists in the registry with id '${registryId}'`,
  );
}

export function repositoryNotFound(repositoryName: string, registryId: string): AwsError {
  return new AwsError(
    'RepositoryNotFoundException',
    `The repository with name '${repositoryName}' does not exist in the registry with id '${registryId}'`,
  );
}

export function repositoryNotEmpty(repositoryName: string, registryId: string): AwsError {
  return new AwsError(
    'RepositoryNotEmptyException',
    `The repository with name '${repositoryName}' in registry with id '${registryId}' cannot be deleted because it still contains images`,
  );
}

/** `imageId` as AWS prints it: `{imageDigest:'null', imageTag:'v1'}`. */
export function imageNotFound(
  imageId: { readonly imageDigest?: string; readonly imageTag?: string },
  repositoryName: string,
  registryId: string,
): AwsError {
  const printed = `{imageDigest:'${imageId.imageDigest ?? 'null'}', imageTag:'${imageId.imageTag ?? 'null'}'}`;
  return new AwsError(
    'ImageNotFoundException',
    `The image with imageId ${printed} does not exist within the repository with name '${repositoryName}' in the registry with id '${registryId}'`,
  );
}

export function imageTagAlreadyExists(tag: string, repositoryName: string): AwsError {
  return new AwsError(
    'ImageTagAlreadyExistsException',
    `The image tag '${tag}' already exists in the '${repositoryName}' repository and cannot be overwritten because the tag is immutable.`,
  );
}

export function layersNotFound(digests: readonly string[], repositoryName: string, registryId: string): AwsError {
  return new AwsError(
    'LayersNotFoundException',
    `The specified layers [${digests.join(', ')}] could not be found in the repository with name '${repositoryName}' in the registry with id '${registryId}'`,
  );
}

export function referencedImagesNotFound(
  digests: readonly string[],
  repositoryName: string,
  registryId: string,
): AwsError {
  return new AwsError(
    'ReferencedImagesNotFoundException',
    `The manifest list references images [${digests.join(', ')}] that do not exist in the repository with name '${repositoryName}' in the registry with id '${registryId}'`,
  );
}

export function imageReferencedByManifestList(indexes: readonly string[]): AwsError {
  return new AwsError('ImageReferencedByManifestList', imageReferencedByManifestListReason(indexes));
}

export function imageReferencedByManifestListReason(indexes: readonly string[]): string {
  return `Requested image referenced by manifest list: [${indexes.join(', ')}]`;
}

/** `constraint` is what AWS prints between the inner quotes: `must satisfy regular expression '…'`. */
export function invalidParameter(parameter: string, constraint: string): AwsError {
  return new AwsError(
    'InvalidParameterException',
    `Invalid parameter at '${parameter}' failed to satisfy constraint: '${constraint}'`,
  );
}

/** A length or value out of AWS's range: `Member must have value less than or equal to 1000`. */
export function outOfRange(parameter: string, measure: 'length' | 'value', bound: string): AwsError {
  return invalidParameter(parameter, `Member must have ${measure} ${bound}`);
}

export function pagedByName(): AwsError {
  return new AwsError(
    'InvalidParameterException',
    'maxResults and nextToken cannot be used together with repositoryNames',
  );
}

export function narrowedById(): AwsError {
  return new AwsError(
    'InvalidParameterException',
    'maxResults, nextToken and filter cannot be used together with imageIds',
  );
}

export function otherRegion(arn: string, region: string): AwsError {
  return new AwsError('InvalidParameterException', `The region of ${arn} is not the region of the request, ${region}`);
}

export function exclusionFiltersMissing(imageTagMutability: string): AwsError {
  return new AwsError(
    'InvalidParameterException',
    `imageTagMutabilityExclusionFilters must be specified when imageTagMutability is ${imageTagMutability}`,
  );
}

export function exclusionFiltersUnexpected(): AwsError {
  return new AwsError(
    'InvalidParameterException',
    'imageTagMutabilityExclusionFilters can only be specified when imageTagMutability is MUTABLE_WITH_EXCLUSION or IMMUTABLE_WITH_EXCLUSION',
  );
}

export function tooManyTags(limit: number): AwsError {
  return new AwsError('TooManyTagsException', `The number of tags exceeds the limit of ${limit} tags per repository`);
}

export function invalidTagParameter(message: string): AwsError {
  return new AwsError('InvalidTagParameterException', message);
}

/** What a task's pull password is told where it is used for anything else. */
export function notForPulling(principalArn: string, action: string, resourceArn: string): AwsError {
  return new AwsError(
    'AccessDeniedException',
    `User: ${principalArn} is not authorized to perform: ${action} on resource: ${resourceArn} because no session policy allows the ${action} action`,
  );
}

/** What a caller of another account reads as long as no repository policy lets it in. */
export function crossAccountDenied(principalArn: string, action: string, resourceArn: string): AwsError {
  return new AwsError(
    'AccessDeniedException',
    `User: ${principalArn} is not authorized to perform: ${action} on resource: ${resourceArn} because no resource-based policy allows the ${action} action`,
  );
}
