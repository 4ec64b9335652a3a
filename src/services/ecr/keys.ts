// Under which keys ecr stores what it stores, and in which namespaces of the blob store.
import { scopedKey, type Scope } from '#kernel/arn.ts';

/** The key of a whole registry. */
export function registryKey(scope: Scope): string {
  return scopedKey(scope, '');
}

/** The key of what holds for a prefix of names. */
export function prefixKey(scope: Scope, prefix: string): string {
  return scopedKey(scope, prefix);
}

export function repositoryKey(scope: Scope, repositoryName: string): string {
  return scopedKey(scope, repositoryName);
}

/** The key of an image or a layer. Names contain neither `@` nor `:`, so no repository's keys begin with another's. */
export function digestKey(repository: string, digest: string): string {
  return `${repository}@${digest}`;
}

export function tagKey(repository: string, tag: string): string {
  return `${repository}:${tag}`;
}

/** The blob store's namespace of a registry. */
export function blobNamespace(scope: Scope): string {
  return `${scope.account}.${scope.region}`;
}

/** The registry of a blob store's namespace; undefined where it is somebody else's. */
export function scopeOfNamespace(namespace: string): Scope | undefined {
  const [, account, region] = /^(\d{12})\.([a-z0-9-]+)$/.exec(namespace) ?? [];
  return account === undefined || region === undefined ? undefined : { account, region };
}

/** By the bytes in the blob store that a record names. A kind that names any is known to storage/named-blobs.ts. */
export function bytesKey(namespace: string, digest: string): string {
  return `${namespace} ${digest}`;
}

/** The index `bytes` of what is kept under a digestKey. */
export function namedBytes({
  key,
  spec,
}: {
  readonly key: string;
  readonly spec: { readonly digest: string };
}): string {
  const [account = '', region = ''] = key.split('/', 2);
  return bytesKey(blobNamespace({ account, region }), spec.digest);
}
