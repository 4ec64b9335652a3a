// What holds for a whole registry (an account in a region): read with ECR's defaults where nothing was ever set, and changed.
import type { Scope } from '#kernel/arn.ts';
import type { Reader, Tx } from '#kernel/store.ts';
import { registryKey } from './keys.ts';
import { registryKind, type RegistrySpec } from './kinds.ts';

const unset: RegistrySpec = {
  replicationRules: [],
  scanType: 'BASIC',
  scanningRules: [],
  settings: {},
  pullTimeExclusions: [],
};

/** The registry's settings; ECR's defaults where nothing was set. */
export function registryIn(reader: Reader, scope: Scope): RegistrySpec {
  return reader.get(registryKind, registryKey(scope))?.spec ?? unset;
}

/** Replaces the settings by what `work` makes of them, and gives them. */
export function changeRegistry(tx: Tx, scope: Scope, work: (registry: RegistrySpec) => RegistrySpec): RegistrySpec {
  return tx.put(registryKind, registryKey(scope), { spec: work(registryIn(tx, scope)), status: null }).spec;
}
