// Local volumes on a Docker Engine.
import { RuntimeError } from '#drivers/runtime.ts';
import type { Volume } from '#drivers/runtime.ts';
import { asRuntimeError, labelFilters, pathPart } from './engine.ts';
import type { Engine } from './engine.ts';

interface VolumeJson {
  readonly Name: string;
  readonly Labels: Readonly<Record<string, string>> | null;
}

export class DockerVolumes {
  readonly #engine: Engine;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** See `Runtime.ensureVolume`. */
  async ensure({ name, labels }: Volume): Promise<void> {
    const body = { Name: name, Driver: 'local', Labels: labels };
    // The engine answers with the volume that has the name already, whatever its labels are.
    const { Labels } = await this.#engine.json<VolumeJson>({ method: 'POST', path: '/volumes/create', body });
    const differs = Object.entries(labels).some(([label, value]) => Labels?.[label] !== value);
    if (differs) throw new RuntimeError('conflict', `The volume ${name} exists with other labels`);
  }

  /** See `Runtime.volumes`. */
  async list(labels: Readonly<Record<string, string>>): Promise<Volume[]> {
    const query = { filters: { label: labelFilters(labels) } };
    const found = await this.#engine.json<{ Volumes: VolumeJson[] | null }>({ method: 'GET', path: '/volumes', query });
    return (found.Volumes ?? []).map(({ Name, Labels }) => ({ name: Name, labels: Labels ?? {} }));
  }

  /** See `Runtime.removeVolume`. */
  async remove(name: string): Promise<void> {
    try {
      await this.#engine.done({ method: 'DELETE', path: `/volumes/${pathPart(name)}` });
    } catch (thrown) {
      if (asRuntimeError(thrown).reason !== 'not-found') throw thrown;
    }
  }
}
