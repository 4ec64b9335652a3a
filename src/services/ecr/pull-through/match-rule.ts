// Which rule covers a repository, and which repository of the upstream it stands for. Reads only.
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache-private-wildcards.html
import type { UpstreamRepository } from '#drivers/upstream-registry.ts';
import type { Reader } from '#kernel/store.ts';
import { prefixesOf, rootPrefix } from '#services/ecr/create-repository.ts';
import { prefixKey } from '#services/ecr/keys.ts';
import { pullThroughRuleKind } from './kinds.ts';
import { isRepositoryName, type RepositoryName } from '#services/ecr/names.ts';

/** The upstream repository behind one of ours, by the rule with the longest prefix; undefined where none covers it. */
export function upstreamOf(reader: Reader, { scope, repositoryName }: RepositoryName): UpstreamRepository | undefined {
  if (!isRepositoryName(repositoryName)) return undefined;
  for (const prefix of [...prefixesOf(repositoryName), rootPrefix]) {
    const rule = reader.get(pullThroughRuleKind, prefixKey(scope, prefix))?.spec;
    if (rule === undefined) continue;
    const rest = prefix === rootPrefix ? repositoryName : repositoryName.slice(prefix.length + 1);
    const upstreamPrefix = bare(rule.upstreamPrefix ?? rootPrefix);
    const repository = upstreamPrefix === rootPrefix ? rest : `${upstreamPrefix}/${rest}`;
    return { registry: rule.upstreamRegistryUrl, repository };
  }
  return undefined;
}

/** A prefix without the slash that is "always assumed" at its end. */
export function bare(prefix: string): string {
  return prefix.endsWith('/') ? prefix.slice(0, -1) : prefix;
}
