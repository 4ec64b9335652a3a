// What the operations on creation templates are refused with.
import { AwsError } from '#kernel/error.ts';

export function templateAlreadyExists(prefix: string, registryId: string): AwsError {
  return new AwsError(
    'TemplateAlreadyExistsException',
    `The repository creation template with prefix '${prefix}' already exists in the registry with id '${registryId}'`,
  );
}

export function templateNotFound(prefix: string, registryId: string): AwsError {
  return new AwsError(
    'TemplateNotFoundException',
    `The repository creation template with prefix '${prefix}' does not exist in the registry with id '${registryId}'`,
  );
}
