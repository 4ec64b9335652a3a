// Names and addresses of repositories: which names are allowed, and how a path, a URI or an image reference names one.
import { formatArn, type Scope } from '#kernel/arn.ts';

/** Where the registry is reached, and whose repositories need no prefix there. */
export interface RegistryAddress {
  /** `localhost:4566` */
  readonly endpoint: string;
  readonly home: Scope;
}

/** A repository by its scope and name; it need not exist. */
export interface RepositoryName {
  readonly scope: Scope;
  readonly repositoryName: string;
}

/** An image reference taken apart; of tag and digest one is present. */
export interface ImageReference extends RepositoryName {
  readonly tag?: string;
  readonly digest?: string;
}

/** The pattern that AWS prints when a name breaks it. */
export const repositoryNamePattern = '(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*';
// The service's model is wider than what its errors print: also `__` and runs of `-` separate.
const repositoryName = /^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*$/;
const prefixed = /^(\d{12})\.([a-z]{2}(?:-[a-z]+)+-\d+)\/(.+)$/;
const amazonHost = /^(\d{12})\.dkr[.-]ecr(?:-fips)?\.([a-z]{2}(?:-[a-z]+)+-\d+)\.[a-z0-9.-]+$/;
const digest = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/;
const tag = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;

export function isRepositoryName(text: string): boolean {
  return text.length >= 2 && text.length <= 256 && repositoryName.test(text);
}

export function isDigest(text: string): boolean {
  return digest.test(text);
}

/** OCI distribution spec 1.1, "Pulling manifests": a tag is at most 128 characters. */
export function isTag(text: string): boolean {
  return tag.test(text);
}

export function repositoryArn({ scope, repositoryName: name }: RepositoryName): string {
  return formatArn('ecr', scope, `repository/${name}`);
}

/** The repository's path on the registry: the bare name at home, `<account>.<region>/<name>` elsewhere. */
export function repositoryPath({ scope, repositoryName: name }: RepositoryName, home: Scope): string {
  const atHome = scope.account === home.account && scope.region === home.region;
  return atHome && !prefixed.test(name) ? name : `${scope.account}.${scope.region}/${name}`;
}

/** The repository that a path on the registry names: the inverse of {@link repositoryPath}. */
export function parseRepositoryPath(path: string, home: Scope): RepositoryName {
  const [, account, region, name] = prefixed.exec(path) ?? [];
  if (account === undefined || region === undefined || name === undefined) return { scope: home, repositoryName: path };
  return { scope: { account, region }, repositoryName: name };
}

/**
 * The repository that a path on the registry names to a client who calls the registry `host`: under an AWS name the path
 * is the repository's own name, in the account and region of the host.
 */
export function repositoryAt(host: string | undefined, path: string, home: Scope): RepositoryName {
  const scope = scopeOfHost(host);
  return scope === undefined ? parseRepositoryPath(path, home) : { scope, repositoryName: path };
}

/** Where a client finds the registry that it calls `host`: AWS's names are only served by TLS. */
export function registryUrl(host: string | undefined, { endpoint }: RegistryAddress): string {
  return host === undefined || scopeOfHost(host) === undefined ? `http://${endpoint}` : `https://${host}`;
}

/** The account and region of one of AWS's own registry names, with or without a port. */
function scopeOfHost(host: string | undefined): Scope | undefined {
  const [, account, region] = amazonHost.exec(host?.toLowerCase().replace(/:\d+$/, '') ?? '') ?? [];
  return account === undefined || region === undefined ? undefined : { account, region };
}

/** What `docker push` takes as it is. */
export function repositoryUri(repository: RepositoryName, address: RegistryAddress): string {
  return `${address.endpoint}/${repositoryPath(repository, address.home)}`;
}

/**
 * The repository, tag and digest of an image reference that names our registry, by its own address or by an AWS host
 * name; undefined for any other registry or a malformed reference. Without tag and digest it is `latest`, as in docker.
 */
export function parseImageReference(reference: string, address: RegistryAddress): ImageReference | undefined {
  const slash = reference.indexOf('/');
  if (slash < 0) return undefined;
  const [rest = '', digestPart] = split(reference.slice(slash + 1), reference.indexOf('@') - slash - 1);
  const [path, tagPart] = split(rest, rest.lastIndexOf(':'));
  const repository = locate(reference.slice(0, slash), path, address);
  if (repository === undefined || !isRepositoryName(repository.repositoryName)) return undefined;
  if (digestPart !== undefined) return isDigest(digestPart) ? { ...repository, digest: digestPart } : undefined;
  const name = tagPart ?? 'latest';
  return isTag(name) ? { ...repository, tag: name } : undefined;
}

function locate(host: string, path: string, address: RegistryAddress): RepositoryName | undefined {
  const scope = scopeOfHost(host);
  if (scope !== undefined) return { scope, repositoryName: path };
  const port = address.endpoint.slice(address.endpoint.lastIndexOf(':'));
  const own = host === address.endpoint || host === `localhost${port}` || host === `127.0.0.1${port}`;
  return own ? parseRepositoryPath(path, address.home) : undefined;
}

function split(text: string, at: number): [string, string | undefined] {
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}
