// What serves manifests and layers, made once for the registry and the API, and the API's operations on them.
import type { Authorizer, Operations } from '#aws/service.ts';
import type { Blobs } from '#drivers/blobs.ts';
import type { UpstreamRegistry } from '#drivers/upstream-registry.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Log } from '#kernel/log.ts';
import type { Store } from '#kernel/store.ts';
import { createContents, type Contents } from './contents.ts';
import { createDownloadUrls, type DownloadUrls } from './layers/download-url.ts';
import { layerOperations } from './layers/layer-operations.ts';
import { createLayerUploads, type LayerUploads } from './layers/layer-uploads.ts';
import { layerUploadOperations } from './layers/upload-operations.ts';
import { batchGetImageOperation } from './manifests/batch-get-image.ts';
import { referrerOperations } from './manifests/list-image-referrers.ts';
import { putImageOperation } from './manifests/put-image.ts';
import type { RegistryAddress } from './names.ts';
import { createPullThrough, type PullThrough } from './pull-through/cache.ts';
import { exclusionOperations } from './pulls/exclusion-operations.ts';
import { createPullTimes, type PullTimes } from './pulls/pull-times.ts';
import type { Seals } from './seal.ts';

interface ServingParts {
  readonly store: Store;
  readonly blobs: Blobs;
  readonly upstream: UpstreamRegistry;
  readonly authorizer: Authorizer;
  readonly clock: Clock;
  readonly log: Log;
  readonly seals: Seals;
  readonly address: RegistryAddress;
}

export interface Serving {
  readonly contents: Contents;
  readonly pullThrough: PullThrough;
  readonly layerUploads: LayerUploads;
  readonly downloadUrls: DownloadUrls;
  readonly pullTimes: PullTimes;
}

export function createServing(parts: ServingParts): Serving {
  return {
    contents: createContents(parts),
    pullThrough: createPullThrough(parts),
    layerUploads: createLayerUploads(parts),
    downloadUrls: createDownloadUrls(parts),
    pullTimes: createPullTimes(parts),
  };
}

export function servingOperations(
  parts: Pick<ServingParts, 'store' | 'blobs' | 'clock' | 'authorizer'> & Serving,
): Operations<'ecr'> {
  return {
    ...batchGetImageOperation(parts),
    ...putImageOperation(parts),
    ...referrerOperations,
    ...layerOperations(parts),
    ...layerUploadOperations(parts),
    ...exclusionOperations,
  };
}
