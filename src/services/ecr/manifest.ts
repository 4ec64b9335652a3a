// Reads a manifest: what kind it is and which blobs and manifests it needs. Pure.
// OCI image spec 1.1 (manifest.md, image-index.md); Docker image manifest version 2, schema 2.
import { invalidParameter } from './errors.ts';
import { parseManifestJson } from './manifest-json.ts';
import { isDigest } from './names.ts';

export interface Manifest {
  readonly mediaType: string;
  /** The configuration's media type, or the artifact's own type where that says more. */
  readonly artifactMediaType?: string;
  readonly artifactType?: string;
  /** Blobs that must be in the repository: configuration and layers, except those that live elsewhere by their URLs. */
  readonly blobs: readonly string[];
  /** Manifests that must be in the repository: an index's images. */
  readonly manifests: readonly string[];
  /** The manifest that this one is about; it need not exist. */
  readonly subject?: string;
  readonly annotations: Readonly<Record<string, string>>;
}

type Json = Readonly<Record<string, unknown>>;

const emptyMediaType = 'application/vnd.oci.empty.v1+json';
const ociManifest = 'application/vnd.oci.image.manifest.v1+json';
const ociIndex = 'application/vnd.oci.image.index.v1+json';
/** RFC 6838, section 4.2. It becomes a header's value, so nothing else may pass. */
const mediaTypeForm = /^[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}\/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}$/;
const schema1 = /^application\/vnd\.docker\.distribution\.manifest\.v1\+/;
const longestQuoted = 256;
/** A referrer's annotations are kept with its record and told in lists of fifty and more; megabytes belong into a layer. */
const longestListed = 256 * 1024;
const foreign = /(?:\.foreign\.diff\.|\.nondistributable\.)/;

/**
 * @param body the manifest as it was sent
 * @param contentType the media type that came with it, where one did
 * Throws InvalidParameterException at `ImageManifest`.
 */
export function readManifest(body: Uint8Array, contentType: string | undefined): Manifest {
  const json = parse(body);
  const mediaType = mediaTypeOf(json, contentType);
  const config = json.config === undefined ? undefined : object(json.config, 'config');
  const layers = [...descriptors(json, 'layers'), ...descriptors(json, 'blobs')];
  const local = layers.filter((layer) => !(foreign.test(String(layer.mediaType)) && Array.isArray(layer.urls)));
  const artifactType =
    typeof json.artifactType === 'string' && json.artifactType !== '' ? json.artifactType : undefined;
  const configType = typeof config?.mediaType === 'string' ? config.mediaType : undefined;
  return {
    mediaType,
    artifactMediaType: configType === undefined || configType === emptyMediaType ? artifactType : configType,
    // "If the artifactType is empty or missing … set to the config descriptor's mediaType" (distribution spec, referrers).
    artifactType: artifactType ?? configType,
    blobs: [...(config === undefined ? [] : [config]), ...local].map((each) => digestOf(each)),
    manifests: descriptors(json, 'manifests').map((each) => digestOf(each)),
    subject: json.subject === undefined ? undefined : digestOf(object(json.subject, 'subject')),
    annotations: annotationsOf(json, json.subject !== undefined),
  };
}

/** The first image of a stored index for a platform. */
export function platformImage(
  index: Uint8Array,
  wanted: { readonly os: string; readonly architecture: string },
): { readonly digest: string; readonly mediaType: string } | undefined {
  for (const image of descriptors(parse(index), 'manifests')) {
    const { os, architecture } = image.platform === undefined ? {} : object(image.platform, 'platform');
    if (os !== wanted.os || architecture !== wanted.architecture) continue;
    return { digest: digestOf(image), mediaType: String(image.mediaType) };
  }
  return undefined;
}

/** The media types of the configuration and layers that a stored manifest names, by digest; none where there is no manifest. */
export function mediaTypesOf(body: Uint8Array | undefined): ReadonlyMap<string, string> {
  if (body === undefined) return new Map();
  const json = parse(body);
  const config = json.config === undefined ? [] : [object(json.config, 'config')];
  const all = [...config, ...descriptors(json, 'layers'), ...descriptors(json, 'blobs')];
  return new Map(all.map(({ digest, mediaType }) => [String(digest), String(mediaType)]));
}

function parse(body: Uint8Array): Json {
  let value: unknown;
  try {
    value = parseManifestJson(body);
  } catch {
    throw invalidManifest('Invalid JSON syntax');
  }
  return object(value, 'the manifest');
}

function mediaTypeOf(json: Json, contentType: string | undefined): string {
  const sent = contentType?.split(';')[0]!.trim() || undefined;
  const own = json.mediaType;
  if (own !== undefined && typeof own !== 'string') throw invalidManifest('mediaType must be a string');
  if (own !== undefined && sent !== undefined && own !== sent) {
    throw invalidManifest(`mediaType in manifest should be '${sent}' not '${own.slice(0, longestQuoted)}'`);
  }
  const mediaType = sent ?? own ?? (json.manifests === undefined ? ociManifest : ociIndex);
  if (!mediaTypeForm.test(mediaType)) throw invalidManifest(`Invalid media type ${quoted(mediaType)}`);
  if (schema1.test(mediaType) || json.schemaVersion === 1) throw invalidManifest('schema version 1 is not supported');
  return mediaType;
}

function descriptors(json: Json, member: string): Json[] {
  const list = json[member];
  if (list === undefined || list === null) return [];
  if (!Array.isArray(list)) throw invalidManifest(`${member} must be a list of descriptors`);
  return list.map((each) => object(each, member));
}

function digestOf(descriptor: Json): string {
  const { digest } = descriptor;
  if (typeof digest !== 'string' || !isDigest(digest)) throw invalidManifest(`Invalid digest ${quoted(digest)}`);
  return digest;
}

function annotationsOf(json: Json, isReferrer: boolean): Record<string, string> {
  if (json.annotations === undefined || json.annotations === null) return {};
  const entries = Object.entries(object(json.annotations, 'annotations'));
  if (entries.some(([, value]) => typeof value !== 'string')) throw invalidManifest('annotations must be strings');
  if (isReferrer && JSON.stringify(entries).length > longestListed) {
    throw invalidManifest(`annotations beside a subject have at most ${longestListed} characters`);
  }
  return Object.fromEntries(entries) as Record<string, string>;
}

function object(value: unknown, what: string): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalidManifest(`${what} must be a JSON object`);
  }
  return value as Json;
}

/** A value as an error shows it: what was sent may be megabytes. */
function quoted(value: unknown): string {
  const text = JSON.stringify(value) ?? 'undefined';
  return text.length > longestQuoted ? `${text.slice(0, longestQuoted)}…` : text;
}

function invalidManifest(reason: string) {
  return invalidParameter('ImageManifest', reason);
}
