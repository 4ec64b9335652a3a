// The ecr service: its operation table, what neighbours may ask of it, and the registry, made of one set of parts.
import { defineService, type Authorizer, type Service } from '#aws/service.ts';
import type { Blobs } from '#drivers/blobs.ts';
import type { Scanner } from '#drivers/scanner.ts';
import type { UpstreamRegistry } from '#drivers/upstream-registry.ts';
import type { Scope } from '#kernel/arn.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Log } from '#kernel/log.ts';
import type { Random } from '#kernel/random.ts';
import type { Reconciler } from '#kernel/reconciler.ts';
import type { Store } from '#kernel/store.ts';
import { imageOperations } from './image-operations.ts';
import { createImages } from './images.ts';
import { createLifecycleReconciler } from './lifecycle/lifecycle-reconciler.ts';
import { lifecyclePolicyOperations } from './lifecycle/policy-operations.ts';
import { lifecyclePreviewOperations } from './lifecycle/preview-operations.ts';
import { createPreviewReconciler } from './lifecycle/preview-reconciler.ts';
import { storageClassOperations } from './lifecycle/storage-class-operations.ts';
import { listingOperations } from './list-images.ts';
import type { Images } from './ports.ts';
import { guardOf } from './policies/guard.ts';
import { allowsReplication, registryPolicyOperations } from './policies/registry-policy.ts';
import { repositoryPolicyOperations } from './policies/repository-policy.ts';
import { createArrivalReconciler } from './pull-through/arrival-reconciler.ts';
import { pullThroughRuleOperations } from './pull-through/rule-operations.ts';
import { createRegistry, type RegistryHandler } from './registry/router.ts';
import { backfillOperations } from './replication/backfill-operations.ts';
import { createBackfillReconciler } from './replication/backfill-reconciler.ts';
import { replicationOperations } from './replication/replication-operations.ts';
import { createReplicationReconciler } from './replication/replication-reconciler.ts';
import { repositoryOperations } from './repository-operations.ts';
import { resourceTagOperations } from './resource-tags.ts';
import { scanOperations } from './scanning/scan-operations.ts';
import { createScanReconciler } from './scanning/scan-reconciler.ts';
import { createSeals } from './seal.ts';
import { createServing, servingOperations } from './serving.ts';
import { accountSettingOperations } from './settings/account-settings.ts';
import { scanSettingOperations } from './settings/scan-operations.ts';
import { signingOperations } from './settings/signing.ts';
import { templateOperations } from './templates/template-operations.ts';
import { tokenOperations } from './token-operations.ts';
import { createTokens } from './token.ts';
import { createStorageReconciler } from './storage/storage-reconciler.ts';
import { createUploadReconciler } from './upload-reconciler.ts';

export interface EcrParts {
  readonly store: Store;
  readonly blobs: Blobs;
  readonly upstream: UpstreamRegistry;
  readonly scanner: Scanner;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly authorizer: Authorizer;
  /** Seals tokens and upload ids: at least 32 secret bytes, kept with the installation. */
  readonly tokenKey: Uint8Array;
  /** Where docker reaches the registry: `localhost:4566`. */
  readonly endpoint: string;
  /** The account and region whose repositories need no prefix in their URIs. */
  readonly home: Scope;
}

export interface Ecr {
  readonly service: Service;
  readonly images: Images;
  /** Serves every request whose path is `/v2` or begins with `/v2/`. */
  readonly registry: RegistryHandler;
  readonly reconcilers: readonly Reconciler[];
}

export function createEcr(parts: EcrParts): Ecr {
  const address = { endpoint: parts.endpoint, home: parts.home };
  const seals = createSeals(parts.tokenKey);
  const tokens = createTokens({ ...parts, seals });
  const serving = { ...parts, ...createServing({ ...parts, seals, address }) };
  return {
    service: defineService(
      'ecr',
      {
        ...repositoryOperations(address),
        ...imageOperations,
        ...servingOperations(serving),
        ...listingOperations,
        ...lifecyclePolicyOperations,
        ...lifecyclePreviewOperations,
        ...storageClassOperations,
        ...resourceTagOperations,
        ...replicationOperations,
        ...backfillOperations(parts.random),
        ...templateOperations,
        ...scanSettingOperations,
        ...scanOperations(parts),
        ...accountSettingOperations,
        ...signingOperations,
        ...pullThroughRuleOperations(parts),
        ...repositoryPolicyOperations,
        ...registryPolicyOperations,
        ...tokenOperations(tokens, address),
      },
      guardOf,
    ),
    images: createImages({ ...parts, address, tokens }),
    registry: createRegistry({ ...serving, address, tokens }),
    reconcilers: [
      createUploadReconciler(parts.blobs, parts.clock, parts.log),
      createArrivalReconciler(serving),
      createStorageReconciler(parts),
      createScanReconciler({ ...parts, tokens, address }),
      createLifecycleReconciler(parts),
      createPreviewReconciler(parts),
      createReplicationReconciler({ ...parts, allows: allowsReplication }),
      createBackfillReconciler({ ...parts, allows: allowsReplication }),
    ],
  };
}
