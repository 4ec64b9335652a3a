// What the settings of repositories and registries are refused with.
import { AwsError } from '#kernel/error.ts';
import { invalidParameter } from '#services/ecr/errors.ts';

export function notInEnum(parameter: string, values: readonly string[]): AwsError {
  return invalidParameter(parameter, `Member must satisfy enum value set: [${values.join(', ')}]`);
}

export function kmsUnsupported(encryptionType: string): AwsError {
  return invalidParameter(
    'encryptionConfiguration.encryptionType',
    `${encryptionType} is not supported by this registry: there is no KMS here, use AES256`,
  );
}

export function kmsKeyUnexpected(encryptionType: string): AwsError {
  return invalidParameter(
    'encryptionConfiguration.kmsKey',
    `kmsKey can only be specified when encryptionType is KMS or KMS_DSSE, not ${encryptionType}`,
  );
}

export function enhancedScanningUnsupported(): AwsError {
  return invalidParameter(
    'scanType',
    'ENHANCED is not supported by this registry: enhanced scanning is Amazon Inspector’s, use BASIC',
  );
}

export function frequencyUnsupported(scanFrequency: string): AwsError {
  return invalidParameter('rules.scanFrequency', `${scanFrequency} is not supported when scanType is BASIC`);
}

export function settingUnsupported(name: string, value: string, supported: readonly string[]): AwsError {
  return invalidParameter(
    'value',
    `${name} ${value} is not supported by this registry, which knows [${supported.join(', ')}]`,
  );
}

export function signingConfigurationNotFound(registryId: string): AwsError {
  return new AwsError(
    'SigningConfigurationNotFoundException',
    `Signing configuration does not exist in the registry with id '${registryId}'`,
  );
}
