// Which registries may be an upstream, and what they are called. Pure.
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache.html
import { invalidParameter } from '#services/ecr/errors.ts';
import { notInEnum } from '#services/ecr/settings/errors.ts';
import { unsupportedUpstream } from './errors.ts';

/** As the API names upstream registries. */
export const upstreamNames = [
  'ecr',
  'ecr-public',
  'quay',
  'k8s',
  'docker-hub',
  'github-container-registry',
  'azure-container-registry',
  'gitlab-container-registry',
  'chainguard',
] as const;

export type UpstreamName = (typeof upstreamNames)[number];

const hosts: readonly (readonly [name: UpstreamName, host: RegExp])[] = [
  ['ecr', /^\d{12}\.dkr[.-]ecr(?:-fips)?\.[a-z0-9-]+\.(?:amazonaws\.com(?:\.cn)?|on\.aws)$/],
  ['ecr-public', /^public\.ecr\.aws$/],
  ['quay', /^quay\.io$/],
  ['k8s', /^registry\.k8s\.io$/],
  ['docker-hub', /^registry-1\.docker\.io$/],
  ['github-container-registry', /^ghcr\.io$/],
  ['azure-container-registry', /^[a-z0-9-]+\.azurecr\.io$/],
  ['gitlab-container-registry', /^registry\.gitlab\.com$/],
  ['chainguard', /^(?:cgr\.dev|[a-z0-9-]+\.cgr\.dev)$/],
];

const label = '[a-z0-9](?:[a-z0-9-]*[a-z0-9])?';
/** A host name or an IP address, and a port where there is one: no scheme, no path, no user. */
const address = new RegExp(`^(?:${label}(?:\\.${label})*|\\[[0-9a-f:]+\\])(?::\\d{1,5})?$`);

/**
 * Any registry may be an upstream, also one that AWS does not know. Throws InvalidParameterException where the caller gave another name, UnsupportedUpstreamRegistryException where Berth
 * cannot pull from there.
 */
export function checkUpstream(url: string, given: string | undefined): void {
  if (given !== undefined && !upstreamNames.some((name) => name === given)) {
    throw notInEnum('upstreamRegistry', upstreamNames);
  }
  if (url.length > 255 || !address.test(url)) {
    throw unsupportedUpstream(url, "give a host name and, where needed, a port, such as 'registry.example.com:5000'");
  }
  const name = knownUpstream(url);
  if (given !== undefined && given !== name) {
    throw invalidParameter('upstreamRegistry', `'${given}' is not the registry at '${url}'`);
  }
  if (name === 'ecr') throw unsupportedUpstream(url, 'Berth does not pull from the registries of AWS accounts');
  if (url === 'docker.io' || url === 'index.docker.io' || url === 'hub.docker.com') {
    throw unsupportedUpstream(url, "the registry of Docker Hub is 'registry-1.docker.io'");
  }
}

/** The API's name of the registry at an address that is known to be one. */
export function knownUpstream(url: string): UpstreamName | undefined {
  return hosts.find(([, host]) => host.test(url))?.[0];
}
