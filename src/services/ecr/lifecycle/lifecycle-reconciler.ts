// Expires and archives images by their repositories' lifecycle policies: soon after a push or a change, and by the hour.
import type { Clock } from '#kernel/clock.ts';
import type { Log } from '#kernel/log.ts';
import type { Again, Reconciler } from '#kernel/reconciler.ts';
import type { Change, Reader, Store } from '#kernel/store.ts';
import {
  imageKind,
  type ImageSpec,
  type Repository,
  repositoryKind,
  tagKind,
  type TagSpec,
} from '#services/ecr/kinds.ts';
import { type LifecyclePolicy, lifecyclePolicyKind, type LifecyclePolicySpec } from './kinds.ts';
import { carryOut } from './carry-out.ts';
import { evaluateLifecycle, type LifecycleVerdict } from './evaluate-lifecycle.ts';
import { lifecycleImagesOf } from './lifecycle-images.ts';
import { readLifecyclePolicy } from './lifecycle-policy.ts';
import { isUnfinished, nextFinishedIn } from './unfinished-push.ts';

export interface LifecycleParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
}

const hourMs = 3_600_000;
/** However many pushes there are, a repository is looked at once in this time. */
const shortestGapMs = 1000;
/** Images that one transaction takes. */
const batchSize = 100;

export function createLifecycleReconciler(parts: LifecycleParts): Reconciler {
  return {
    name: 'ecr/lifecycle',
    watches: [lifecyclePolicyKind.name, imageKind.name, tagKind.name],
    concerns(change, reader) {
      const key = repositoryKeyOf(change);
      return key !== undefined && reader.get(lifecyclePolicyKind, key) !== undefined ? [key] : [];
    },
    all: (reader) => reader.list(lifecyclePolicyKind).map(({ key }) => key),
    reconcile: (key, signal) => evaluate(parts, key, signal),
  };
}

/** The repository of a policy that was set, or of an image or tag that came; what goes makes no other image too many. */
function repositoryKeyOf({ kind, key, before, after }: Change): string | undefined {
  if (after === undefined) return undefined;
  if (kind === imageKind.name) return (after.spec as ImageSpec).repositoryKey;
  if (kind === tagKind.name) return key.slice(0, -(after.spec as TagSpec).tag.length - 1);
  const setAt = (each: typeof after | undefined) => (each?.spec as LifecyclePolicySpec | undefined)?.setAt;
  return setAt(before) === setAt(after) ? undefined : key;
}

async function evaluate(parts: LifecycleParts, key: string, signal: AbortSignal): Promise<Again | void> {
  const { store, clock, log } = parts;
  const now = clock.now().getTime();
  const plan = store.read((reader) => planFor(reader, key, now));
  if (plan === undefined || plan.verdicts === undefined) return plan;
  let [expired, archived] = [0, 0];
  for (const batch of batches(plan.verdicts)) {
    if (signal.aborted) return;
    const done = await store.write((tx) => {
      // Changed or taken away meanwhile: the change has made the key dirty.
      if (!isSame(tx.get(lifecyclePolicyKind, key), plan.policy)) return undefined;
      tx.setStatus(lifecyclePolicyKind, key, { lastEvaluatedAt: now });
      return carryOut(tx, plan.repository, batch, now);
    });
    if (done === undefined) return;
    expired += done.expired;
    archived += done.archived;
  }
  if (expired + archived > 0) {
    const { repositoryName } = plan.repository.spec;
    log.info('a lifecycle policy was applied', { repository: repositoryName, expired, archived });
  }
  return { againIn: plan.againIn };
}

interface Plan extends Again {
  readonly policy: LifecyclePolicy;
  readonly repository: Repository;
  readonly verdicts: readonly LifecycleVerdict[];
}
/** It was looked at just now. */
interface TooEarly extends Again {
  readonly verdicts?: undefined;
}

function planFor(reader: Reader, key: string, now: number): Plan | TooEarly | undefined {
  const policy = reader.get(lifecyclePolicyKind, key);
  const repository = reader.get(repositoryKind, key);
  if (policy === undefined || repository === undefined) return undefined;
  const since = now - (policy.status.lastEvaluatedAt ?? -Infinity);
  if (since >= 0 && since < shortestGapMs) return { againIn: shortestGapMs - since };
  const images = lifecycleImagesOf(reader, key);
  const rules = readLifecyclePolicy(policy.spec.policyText);
  const verdicts = evaluateLifecycle(rules, images, now, (image) => isUnfinished(image, now));
  return { policy, repository, verdicts, againIn: Math.min(hourMs, nextFinishedIn(images, now)) };
}

function isSame(one: LifecyclePolicy | undefined, { spec }: LifecyclePolicy): boolean {
  return one?.spec.policyText === spec.policyText && one.spec.setAt === spec.setAt;
}

/** At least one, so that an evaluation without verdicts is noted too. */
function* batches(verdicts: readonly LifecycleVerdict[]): Generator<readonly LifecycleVerdict[]> {
  for (let at = 0; at === 0 || at < verdicts.length; at += batchSize) yield verdicts.slice(at, at + batchSize);
}
