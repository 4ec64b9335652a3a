// What is wrong with a manifest that is put, in AWS's words.
// https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_PutImage.html#API_PutImage_Errors
import { AwsError } from '#kernel/error.ts';

export function imageAlreadyExists(
  image: { readonly digest: string; readonly tag: string | undefined },
  repositoryName: string,
  registryId: string,
): AwsError {
  const tagged = image.tag === undefined ? '' : ` and tag '${image.tag}'`;
  return new AwsError(
    'ImageAlreadyExistsException',
    `Image with digest '${image.digest}'${tagged} already exists in the repository with name '${repositoryName}' in registry with id '${registryId}'`,
  );
}

export function imageDigestDoesNotMatch(given: string, computed: string): AwsError {
  return new AwsError(
    'ImageDigestDoesNotMatchException',
    `The specified image digest '${given}' does not match the digest that Amazon ECR calculated for the image, '${computed}'`,
  );
}

export function manifestMediaTypeMissing(): AwsError {
  return new AwsError(
    'InvalidParameterException',
    "Invalid parameter at 'imageManifestMediaType' failed to satisfy constraint: 'must be specified for an image manifest that does not contain the mediaType field'",
  );
}
