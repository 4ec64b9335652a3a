// What the policies of repositories and registries are refused with, in AWS's words.
// https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_SetRepositoryPolicy.html#API_SetRepositoryPolicy_Errors
import { AwsError, messageOf } from '#kernel/error.ts';

/** `cause`: what is wrong with it, which ECR itself does not tell. */
export function invalidPolicy(about: 'repository' | 'registry', cause: unknown): AwsError {
  return new AwsError(
    'InvalidParameterException',
    `Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Invalid ${about} policy provided' (${messageOf(cause)})`,
  );
}

export function wouldLockOut(): AwsError {
  return new AwsError(
    'InvalidParameterException',
    "Invalid parameter at 'PolicyText' failed to satisfy constraint: 'The policy would prevent you from setting another policy in the future; use force to set it all the same'",
  );
}

export function repositoryPolicyNotFound(repositoryName: string, registryId: string): AwsError {
  return new AwsError(
    'RepositoryPolicyNotFoundException',
    `Repository policy does not exist for the repository with name '${repositoryName}' in the registry with id '${registryId}'`,
  );
}

export function registryPolicyNotFound(registryId: string): AwsError {
  return new AwsError(
    'RegistryPolicyNotFoundException',
    `Registry policy does not exist in the registry with id '${registryId}'`,
  );
}
