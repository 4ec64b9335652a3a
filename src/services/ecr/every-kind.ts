// Every kind that ecr stores.
import {
  creationTemplateKind,
  imageKind,
  layerKind,
  registryKind,
  repositoryKind,
  repositoryPolicyKind,
  tagKind,
} from './kinds.ts';
import { imageStorageKind, lifecyclePolicyKind, lifecyclePreviewKind } from '#services/ecr/lifecycle/kinds.ts';
import { arrivalKind, pullThroughRuleKind, upstreamCheckKind } from '#services/ecr/pull-through/kinds.ts';
import { imagePullKind } from '#services/ecr/pulls/kinds.ts';
import { backfillItemKind, backfillKind, replicationKind } from '#services/ecr/replication/kinds.ts';
import { scanKind } from '#services/ecr/scanning/kinds.ts';

/** Every kind that ecr stores. */
export const ecrKinds = [
  repositoryKind,
  imageKind,
  tagKind,
  layerKind,
  registryKind,
  creationTemplateKind,
  pullThroughRuleKind,
  upstreamCheckKind,
  arrivalKind,
  repositoryPolicyKind,
  lifecyclePolicyKind,
  lifecyclePreviewKind,
  imagePullKind,
  imageStorageKind,
  scanKind,
  replicationKind,
  backfillKind,
  backfillItemKind,
] as const;
