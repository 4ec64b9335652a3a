// Bridge networks on a Docker Engine.
import { RuntimeError } from '#drivers/runtime.ts';
import type { NetworkSpec } from '#drivers/runtime.ts';
import { labelFilters, pathPart } from './engine.ts';
import type { Engine } from './engine.ts';

interface NetworkJson {
  readonly Name: string;
  readonly Driver: string;
  readonly IPAM: { readonly Config: readonly { readonly Subnet?: string; readonly Gateway?: string }[] | null };
}

export class DockerNetworks {
  readonly #engine: Engine;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** See `Runtime.ensureNetwork`. */
  async ensure(spec: NetworkSpec): Promise<void> {
    if (await this.#isThere(spec)) return;
    const body = {
      Name: spec.name,
      Driver: 'bridge',
      // Engines before API 1.44 allow several networks of one name otherwise.
      CheckDuplicate: true,
      IPAM: { Config: [{ Subnet: spec.subnet, Gateway: spec.gateway }] },
      Labels: spec.labels,
    };
    try {
      await this.#engine.done({ method: 'POST', path: '/networks/create', body });
    } catch (thrown) {
      // Somebody may have made it between the look and the call.
      if (!isReason(thrown, 'conflict') || !(await this.#isThere(spec))) throw thrown;
    }
  }

  /** See `Runtime.networks`. */
  async list(labels: Readonly<Record<string, string>>): Promise<string[]> {
    const query = { filters: { label: labelFilters(labels) } };
    const found = await this.#engine.json<NetworkJson[]>({ method: 'GET', path: '/networks', query });
    return found.map(({ Name }) => Name);
  }

  /** See `Runtime.removeNetwork`. */
  async remove(name: string): Promise<void> {
    try {
      await this.#engine.done({ method: 'DELETE', path: `/networks/${pathPart(name)}` });
    } catch (thrown) {
      if (!isReason(thrown, 'not-found')) throw thrown;
    }
  }

  async #isThere({ name, subnet, gateway }: NetworkSpec): Promise<boolean> {
    const found = await this.#find(name);
    if (found === undefined) return false;
    const config = found.IPAM.Config?.[0];
    if (found.Driver === 'bridge' && config?.Subnet === subnet && config.Gateway === gateway) return true;
    throw new RuntimeError('conflict', `The network ${name} exists with the subnet ${config?.Subnet ?? 'of its own'}`);
  }

  async #find(name: string): Promise<NetworkJson | undefined> {
    try {
      const found = await this.#engine.json<NetworkJson>({ method: 'GET', path: `/networks/${pathPart(name)}` });
      // The engine also takes the beginning of an id for a name.
      return found.Name === name ? found : undefined;
    } catch (thrown) {
      if (isReason(thrown, 'not-found')) return undefined;
      throw thrown;
    }
  }
}

function isReason(thrown: unknown, reason: RuntimeError['reason']): boolean {
  return thrown instanceof RuntimeError && thrown.reason === reason;
}
