// What is wrong with a layer or its upload, in AWS's words.
// https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_UploadLayerPart.html#API_UploadLayerPart_Errors and its siblings
import { AwsError } from '#kernel/error.ts';
import type { RepositoryName } from '#services/ecr/names.ts';

export function uploadNotFound(uploadId: string, name: RepositoryName): AwsError {
  return new AwsError(
    'UploadNotFoundException',
    `The upload with id '${uploadId}' could not be found in ${inRepository(name)}`,
  );
}

/** `received`: bytes that the upload has. */
export function invalidLayerPart(
  reason: string,
  upload: { readonly id: string; readonly size: number },
  { scope, repositoryName }: RepositoryName,
): AwsError {
  const members = { registryId: scope.account, repositoryName, uploadId: upload.id };
  // AWS names the last valid byte; before the first one there is none.
  const last = upload.size === 0 ? {} : { lastValidByteReceived: upload.size - 1 };
  return new AwsError('InvalidLayerPartException', reason, { members: { ...members, ...last } });
}

export function invalidLayer(digests: readonly string[]): AwsError {
  return new AwsError(
    'InvalidLayerException',
    `The layer digest calculation performed by Amazon ECR upon receipt of the image layer does not match the digest specified: [${digests.join(', ')}]`,
  );
}

export function layerAlreadyExists(digest: string, name: RepositoryName): AwsError {
  return new AwsError(
    'LayerAlreadyExistsException',
    `The layer with digest '${digest}' already exists in ${inRepository(name)}`,
  );
}

export function emptyUpload(uploadId: string): AwsError {
  return new AwsError(
    'EmptyUploadException',
    `The specified layer upload does not contain any layer parts: '${uploadId}'`,
  );
}

export function layerInaccessible(digest: string, name: RepositoryName): AwsError {
  return new AwsError(
    'LayerInaccessibleException',
    `The layer with digest '${digest}' is not available because it is not associated with an image in ${inRepository(name)}`,
  );
}

function inRepository({ scope, repositoryName }: RepositoryName): string {
  return `the repository with name '${repositoryName}' in the registry with id '${scope.account}'`;
}
