// Images on a Docker Engine: pulled from a registry, looked up, made of one program.
import { RuntimeError } from '#drivers/runtime.ts';
import type { Image, RegistryAuth } from '#drivers/runtime.ts';
import { asRuntimeError, pathPart } from './engine.ts';
import type { Engine } from './engine.ts';
import { jsonLines } from './json-lines.ts';
import { imageArchive } from './make-image.ts';
import type { Program } from './make-image.ts';

interface ImageJson {
  readonly Id: string;
  readonly RepoDigests: readonly string[] | null;
  readonly Size: number;
}

/** A message of a progress stream; one with an error ends it. */
interface Progress {
  readonly error?: string;
  readonly errorDetail?: { readonly message?: string };
}

export class DockerImages {
  readonly #engine: Engine;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** See `Runtime.pull`. */
  async pull(reference: string, auth: RegistryAuth | undefined, signal: AbortSignal): Promise<Image> {
    signal.throwIfAborted();
    const { name, tag } = splitReference(reference);
    try {
      await this.#readProgress({
        method: 'POST',
        path: '/images/create',
        query: { fromImage: name, tag },
        headers: auth && { 'x-registry-auth': registryAuth(name, auth) },
        signal,
      });
    } catch (thrown) {
      throw pullFailure(asRuntimeError(thrown));
    }
    // The stream ends quietly when it is aborted.
    signal.throwIfAborted();
    return this.#required(reference);
  }

  /** See `Runtime.image`. */
  async find(reference: string): Promise<Image | undefined> {
    try {
      const image = await this.#engine.json<ImageJson>({ method: 'GET', path: `/images/${pathPart(reference)}/json` });
      return { id: image.Id, repoDigests: image.RepoDigests ?? [], size: image.Size };
    } catch (thrown) {
      if (thrown instanceof RuntimeError && thrown.reason === 'not-found') return undefined;
      throw thrown;
    }
  }

  /** See `Runtime.makeImage`. */
  async make(reference: string, program: Program): Promise<Image> {
    const present = await this.find(reference);
    if (present !== undefined) return present;
    const { Arch } = await this.#engine.version();
    const content = await imageArchive(reference, program, Arch);
    await this.#readProgress({
      method: 'POST',
      path: '/images/load',
      query: { quiet: true },
      bytes: { type: 'application/x-tar', content },
    });
    return this.#required(reference);
  }

  async #required(reference: string): Promise<Image> {
    const image = await this.find(reference);
    if (image === undefined)
      throw new RuntimeError('failed', `The engine does not have ${reference} after fetching it`);
    return image;
  }

  /** Reads a progress stream to its end: its status is 200 even where it ends with an error. */
  async #readProgress(call: Parameters<Engine['stream']>[0]): Promise<void> {
    for await (const { error, errorDetail } of jsonLines<Progress>(this.#engine.stream(call))) {
      const words = errorDetail?.message ?? error;
      if (words !== undefined) throw new RuntimeError('failed', words);
    }
  }
}

/** A reference as /images/create wants it: a name, and the tag or digest. Without a tag it would fetch them all. */
export function splitReference(reference: string): { readonly name: string; readonly tag: string } {
  const at = reference.indexOf('@');
  const named = at === -1 ? reference : reference.slice(0, at);
  const colon = named.lastIndexOf(':');
  const tagged = colon > named.lastIndexOf('/');
  const name = tagged ? named.slice(0, colon) : named;
  if (at !== -1) return { name, tag: reference.slice(at + 1) };
  return { name, tag: tagged ? named.slice(colon + 1) : 'latest' };
}

/**
 * https://docs.docker.com/reference/api/engine/#section/Authentication: base64url of JSON. With its padding: engines
 * before 23 take a header without it for no credentials at all.
 */
export function registryAuth(name: string, { username, password }: RegistryAuth): string {
  const serveraddress = name.split('/')[0];
  const text = Buffer.from(JSON.stringify({ username, password, serveraddress })).toString('base64');
  return text.replaceAll('+', '-').replaceAll('/', '_');
}

/**
 * The registry's answer is only in the engine's words. A repository that is unknown is named first, since its name may
 * have any of the other words in it; docker says "pull access denied … does not exist or may require" for both.
 */
const pullWordings: readonly (readonly [RegExp, RuntimeError['reason']])[] = [
  [/^(manifest for|repository) \S+ not found|manifest unknown|name unknown/i, 'not-found'],
  [/pull access denied|unauthorized|denied:|no basic auth credentials|failed to authorize|\b40[13]\b/i, 'denied'],
  // Not the registry's name: a machine without a network would read that an image is missing.
  [/: not found|does not exist|no such(?! host)/i, 'not-found'],
];

function pullFailure(error: RuntimeError): RuntimeError {
  if (error.reason === 'unavailable' || error.reason === 'invalid') return error;
  const reason = pullWordings.find(([pattern]) => pattern.test(error.message))?.[1] ?? 'failed';
  return new RuntimeError(reason, error.message, error);
}
