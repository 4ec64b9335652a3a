// Pulls images: one pull of a reference at a time, shared by all tasks that want it meanwhile.
import type { Clock } from '#kernel/clock.ts';
import { AwsError, messageOf } from '#kernel/error.ts';
import type { Log } from '#kernel/log.ts';
import type { Random } from '#kernel/random.ts';
import { RuntimeError } from '#drivers/runtime.ts';
import type { Image, RegistryAuth, Runtime } from '#drivers/runtime.ts';
import { backoffMs } from './backoff.ts';
import { Gate } from './gate.ts';
import type { PayloadContainer } from './messages.ts';
import { cannotLogIn, cannotPull } from './reasons.ts';

/** What the registry of a container's image wants to know. Rejects where the credentials are not given. */
export type RegistryLogin = (
  ecrAuthData: NonNullable<PayloadContainer['registryAuthentication']>['ecrAuthData'],
) => Promise<RegistryAuth>;

export interface ImagesOptions {
  readonly runtime: Runtime;
  readonly registryLogin: RegistryLogin;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** A failure that ends a task, in AWS's words. */
export class TaskFailure extends Error {
  override readonly name = 'TaskFailure';
}

const tries = 5;
/** Milliseconds; some seconds in all, so that a registry may be restarted. */
const pullBackoff = { first: 500, most: 5_000 };
const pullsAtOnce = 8;

export class Images {
  readonly #options: ImagesOptions;
  readonly #pulls = new Map<string, Promise<Image>>();
  readonly #gate = new Gate(pullsAtOnce);

  constructor(options: ImagesOptions) {
    this.#options = options;
  }

  /**
   * Gets a container's image. By a digest it is what it is wherever it came from, so that an engine that has it need not
   * fetch it; by a tag it is fetched as its registry has it now, and only a registry that is away is done without
   * (ECS_IMAGE_PULL_BEHAVIOR `default`). Throws TaskFailure where it is not to be had, RuntimeError `unavailable` where the
   * engine itself is away.
   */
  pull(container: PayloadContainer, signal: AbortSignal): Promise<Image> {
    // Those allowed to pull by different credentials must not profit from each other's.
    const auth = container.registryAuthentication?.ecrAuthData;
    const { image, imageInTask } = container;
    const key = JSON.stringify([image, imageInTask, auth?.account, auth?.useExecutionRole]);
    const underWay = this.#pulls.get(key);
    if (underWay !== undefined) return underWay;
    const pull = this.#gate.run(() => this.#pullPatiently(container, signal)).finally(() => this.#pulls.delete(key));
    this.#pulls.set(key, pull);
    return pull;
  }

  async #pullPatiently(container: PayloadContainer, signal: AbortSignal): Promise<Image> {
    const { clock, random, log } = this.#options;
    const { image, imageInTask = image } = container;
    for (let attempt = 1; ; attempt++) {
      // Also for what is here already: whoever may not pull an image may not run it.
      const auth = await this.#login(container);
      try {
        const cached = isPinned(image) ? await this.#options.runtime.image(image) : undefined;
        if (cached !== undefined) return cached;
        return await this.#options.runtime.pull(image, auth, signal);
      } catch (thrown) {
        if (signal.aborted) throw thrown;
        await this.#throwIfEngineIsAway(thrown);
        const fallback = await this.#fallback(container, thrown);
        if (fallback !== undefined) return fallback;
        if (!isTransient(thrown) || attempt === tries) throw new TaskFailure(cannotPull(imageInTask, thrown, attempt));
        log.warn('image pull failed, trying again', { image, attempt, why: messageOf(thrown) });
        await clock.sleep(backoffMs(attempt, random, pullBackoff), signal);
      }
    }
  }

  /** What the engine has of an image that anybody may have, where its registry is away. */
  async #fallback({ image, registryAuthentication }: PayloadContainer, thrown: unknown): Promise<Image | undefined> {
    if (!isTransient(thrown) || registryAuthentication !== undefined) return undefined;
    const cached = await this.#options.runtime.image(image);
    if (cached === undefined) return undefined;
    this.#options.log.warn('a registry is away: the image that is here is used', { image, why: messageOf(thrown) });
    return cached;
  }

  async #login(container: PayloadContainer): Promise<RegistryAuth | undefined> {
    const authentication = container.registryAuthentication;
    if (authentication === undefined) return undefined;
    try {
      return await this.#options.registryLogin(authentication.ecrAuthData);
    } catch (thrown) {
      const { image, imageInTask = image } = container;
      // Where the registry already knows that it would refuse the pull, it is the pull that failed.
      throw new TaskFailure(isRefusal(thrown) ? cannotPull(imageInTask, thrown, 1) : cannotLogIn(thrown));
    }
  }

  /** `unavailable` may mean the registry or the engine; only the engine knows which. */
  async #throwIfEngineIsAway(thrown: unknown): Promise<void> {
    if (thrown instanceof RuntimeError && thrown.reason === 'unavailable') await this.#options.runtime.version();
  }
}

function isRefusal(thrown: unknown): boolean {
  return thrown instanceof AwsError && thrown.code === 'AccessDeniedException';
}

function isTransient(thrown: unknown): boolean {
  return thrown instanceof RuntimeError && (thrown.reason === 'unavailable' || thrown.reason === 'failed');
}

function isPinned(reference: string): boolean {
  return reference.includes('@');
}

/** `sha256:…` of the manifest that a reference was resolved to, where the engine knows it. */
export function digestOf(image: Image, reference: string): string | undefined {
  if (isPinned(reference)) return reference.split('@')[1];
  const repository = repositoryOf(reference);
  const match = image.repoDigests.find((each) => repositoryOf(each) === repository) ?? image.repoDigests[0];
  return match?.split('@')[1];
}

/** A reference without tag and digest, as Docker shortens it in RepoDigests. */
function repositoryOf(reference: string): string {
  const name = reference.split('@')[0]!;
  const slash = name.lastIndexOf('/');
  const colon = name.indexOf(':', slash + 1);
  const untagged = colon < 0 ? name : name.slice(0, colon);
  return untagged.replace(/^(index\.)?docker\.io\//, '').replace(/^library\//, '');
}
