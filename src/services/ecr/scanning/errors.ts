// Errors of image scanning, in AWS's words where there are any.
// https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_StartImageScan.html#API_StartImageScan_Errors
import { AwsError } from '#kernel/error.ts';
import type { ImageId } from '#services/ecr/image-records.ts';
import type { RepositoryName } from '#services/ecr/names.ts';

function printed({ imageDigest = 'null', imageTag = 'null' }: ImageId): string {
  return `{imageDigest:'${imageDigest}', imageTag:'${imageTag}'}`;
}

export function scanNotFound(id: ImageId, { scope, repositoryName }: RepositoryName): AwsError {
  return new AwsError(
    'ScanNotFoundException',
    `Image scan does not exist for the image with '${printed(id)}' in the repository with name '${repositoryName}' in the registry with id '${scope.account}'`,
  );
}

export function scanQuotaExceeded(): AwsError {
  return new AwsError('LimitExceededException', 'The scan quota per image has been exceeded. Wait and try again.');
}

export function mediaTypeNotScannable(mediaType: string): AwsError {
  return new AwsError('UnsupportedImageTypeException', `Images of media type '${mediaType}' cannot be scanned.`);
}

/** Berth's own: AWS always has a scanner. */
export function noScanner(): AwsError {
  return new AwsError('UnsupportedImageTypeException', noScannerReason);
}

export const noScannerReason =
  'No image scanner is installed on this machine: install Trivy (https://trivy.dev), which Berth finds by its name, and scan again.';
