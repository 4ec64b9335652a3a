// Tries lifecycle policies on repositories: what they would do now, done to nothing.
import type { Reconciler } from '#kernel/reconciler.ts';
import { lifecyclePreviewKind, type LifecyclePreviewStatus, type LifecycleResult } from './kinds.ts';
import { evaluateLifecycle } from './evaluate-lifecycle.ts';
import { lifecycleImagesOf } from './lifecycle-images.ts';
import { readLifecyclePolicy } from './lifecycle-policy.ts';
import type { LifecycleParts } from './lifecycle-reconciler.ts';

export function createPreviewReconciler({ store, clock }: Pick<LifecycleParts, 'store' | 'clock'>): Reconciler {
  return {
    name: 'ecr/lifecycle-preview',
    watches: [lifecyclePreviewKind.name],
    concerns({ key, after }) {
      const status = after?.status as LifecyclePreviewStatus | undefined;
      return status?.state === 'IN_PROGRESS' ? [key] : [];
    },
    all: (reader) => reader.list(lifecyclePreviewKind).map(({ key }) => key),
    async reconcile(key) {
      const now = clock.now().getTime();
      await store.write((tx) => {
        const preview = tx.get(lifecyclePreviewKind, key);
        if (preview?.status.state !== 'IN_PROGRESS') return;
        const rules = readLifecyclePolicy(preview.spec.policyText);
        const verdicts = evaluateLifecycle(rules, lifecycleImagesOf(tx, key), now);
        const results = verdicts.map(({ image, rulePriority, action }): LifecycleResult => {
          const { digest, tags, storageClass, pushedAt } = image;
          return { digest, tags, storageClass, pushedAt, rulePriority, action };
        });
        tx.setStatus(lifecyclePreviewKind, key, { state: 'COMPLETE', results });
      });
    },
  };
}
