// Which image each container of a definition is to run, settled once for all tasks that are started together.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-ecs.html#deployment-container-image-stability
import type { Reader } from '#kernel/store.ts';
import type { Images } from '#services/ecr/ports.ts';
import type { TaskDefinitionSpec } from './kinds.ts';

/**
 * Digests by container name, as the tasks of `account` may know them. A container is not among them where its image is not in our registry (its pull finds out
 * whether it is anywhere), or where it has `versionConsistency` disabled.
 */
export function pinnedDigests(
  { containerDefinitions }: Pick<TaskDefinitionSpec, 'containerDefinitions'>,
  images: Pick<Images, 'digest'>,
  reader: Reader,
  account: string,
): ReadonlyMap<string, string> {
  const digests = new Map<string, string>();
  for (const { name, image, versionConsistency } of containerDefinitions) {
    const digest = versionConsistency === 'disabled' ? undefined : images.digest(reader, image!, account);
    if (digest !== undefined) digests.set(name!, digest);
  }
  return digests;
}
