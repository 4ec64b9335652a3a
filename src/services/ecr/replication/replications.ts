// The copies that are wanted of images elsewhere: asked for in the transaction that pushes an image, so that none is forgotten.
import type { Scope } from '#kernel/arn.ts';
import type { Tx, Resource } from '#kernel/store.ts';
import type { RepositorySpec } from '#services/ecr/kinds.ts';
import { replicationKind, type ReplicationSpec, type ReplicationStatus } from './kinds.ts';
import { registryIn } from '#services/ecr/registry-record.ts';
import { destinationsFor, scopeName } from './replication-rules.ts';

export type Replication = Resource<ReplicationSpec, ReplicationStatus>;

/** Asks for the copies of a pushed image that the registry's rules want, with the tag that it was pushed under. */
export function askForReplications(
  tx: Tx,
  repository: RepositorySpec,
  imageKey: string,
  tag: string | undefined,
): void {
  const { replicationRules } = registryIn(tx, repository);
  for (const destination of destinationsFor(replicationRules, repository.repositoryName)) {
    const key = replicationKey(imageKey, destination);
    const before = tx.get(replicationKind, key);
    const asked = (before?.spec.asked ?? 0) + 1;
    const status = before?.status ?? { handled: 0 };
    // Tags that are there already need not go again.
    const pending = before === undefined || stateOf(before) === 'COMPLETE' ? [] : before.spec.tags;
    const tags = tag === undefined || pending.includes(tag) ? pending : [...pending, tag];
    tx.put(replicationKind, key, { spec: { imageKey, destination, asked, tags }, status });
  }
}

export function replicationKey(imageKey: string, destination: Scope): string {
  return `${imageKey}>${scopeName(destination)}`;
}

/** What the last push of an image came to. */
export function stateOf({ spec, status }: Pick<Replication, 'spec' | 'status'>): 'IN_PROGRESS' | 'COMPLETE' | 'FAILED' {
  if (status.handled < spec.asked) return 'IN_PROGRESS';
  return status.failureCode === undefined ? 'COMPLETE' : 'FAILED';
}
