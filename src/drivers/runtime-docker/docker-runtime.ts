// The Runtime over a Docker Engine: containers, their events, output and resource use.
import type { Clock } from '#kernel/clock.ts';
import { RuntimeError } from '#drivers/runtime.ts';
import type {
  Container,
  ContainerEvent,
  ContainerSpec,
  ContainerStats,
  Image,
  LogLine,
  NetworkSpec,
  RegistryAuth,
  Runtime,
  Volume,
} from '#drivers/runtime.ts';
import { containerOf, createBody } from './container-json.ts';
import type { Inspection } from './container-json.ts';
import { statsOf } from './container-stats.ts';
import type { StatsJson } from './container-stats.ts';
import { DockerImages } from './docker-images.ts';
import { followLogs } from './docker-logs.ts';
import { DockerNetworks } from './docker-networks.ts';
import { DockerVolumes } from './docker-volumes.ts';
import { Engine, asRuntimeError, labelFilters, older, pathPart, socketPathOf } from './engine.ts';
import type { Call } from './engine.ts';
import { eventFilters, eventOf } from './events.ts';
import type { EventJson } from './events.ts';
import { LateOom } from './late-oom.ts';
import { jsonLines } from './json-lines.ts';

/** Starting sets up mounts, network and cgroups one container after another; stopping and removing wait for the end. */
const patientMs = 120_000;

/** The runtime of the engine that `dockerHost` names (as in DOCKER_HOST, `unix://…`), or the machine's when absent. */
export function createDockerRuntime({
  clock,
  dockerHost,
}: {
  readonly clock: Clock;
  readonly dockerHost?: string;
}): DockerRuntime {
  return new DockerRuntime(new Engine(socketPathOf(dockerHost)), clock);
}

export class DockerRuntime implements Runtime {
  readonly #engine: Engine;
  readonly #clock: Clock;
  readonly #images: DockerImages;
  readonly #networks: DockerNetworks;
  readonly #volumes: DockerVolumes;
  readonly #lateOom: LateOom;

  constructor(engine: Engine, clock: Clock) {
    this.#engine = engine;
    this.#clock = clock;
    this.#images = new DockerImages(engine);
    this.#networks = new DockerNetworks(engine);
    this.#volumes = new DockerVolumes(engine);
    this.#lateOom = new LateOom(engine, clock);
  }

  /** Closes idle connections; later calls open new ones. */
  close(): void {
    this.#engine.close();
  }

  async version(): Promise<string> {
    return (await this.#engine.version()).Version;
  }

  pull(reference: string, auth: RegistryAuth | undefined, signal: AbortSignal): Promise<Image> {
    return this.#images.pull(reference, auth, signal);
  }

  image(reference: string): Promise<Image | undefined> {
    return this.#images.find(reference);
  }

  makeImage(reference: string, program: { readonly path: string; readonly argv: readonly string[] }): Promise<Image> {
    return this.#images.make(reference, program);
  }

  ensureNetwork(spec: NetworkSpec): Promise<void> {
    return this.#networks.ensure(spec);
  }

  networks(labels: Readonly<Record<string, string>>): Promise<string[]> {
    return this.#networks.list(labels);
  }

  removeNetwork(name: string): Promise<void> {
    return this.#networks.remove(name);
  }

  ensureVolume(spec: Volume): Promise<void> {
    return this.#volumes.ensure(spec);
  }

  volumes(labels: Readonly<Record<string, string>>): Promise<Volume[]> {
    return this.#volumes.list(labels);
  }

  removeVolume(name: string): Promise<void> {
    return this.#volumes.remove(name);
  }

  async create(spec: ContainerSpec): Promise<string> {
    const body = createBody(spec, !older(await this.#engine.apiVersion(), [1, 44]));
    const query = { name: spec.name };
    const { Id } = await this.#engine.json<{ Id: string }>({ method: 'POST', path: '/containers/create', query, body });
    return Id;
  }

  async start(id: string): Promise<void> {
    await this.#engine.done({ method: 'POST', path: containerPath(id, '/start'), timeoutMs: patientMs });
  }

  async stop(id: string, timeoutSeconds: number): Promise<void> {
    await this.#engine.done({
      method: 'POST',
      path: containerPath(id, '/stop'),
      query: { t: timeoutSeconds },
      timeoutMs: timeoutSeconds * 1000 + patientMs,
    });
  }

  async kill(id: string, signal: string): Promise<void> {
    const call: Call = { method: 'POST', path: containerPath(id, '/kill'), query: { signal } };
    try {
      await this.#engine.done(call);
    } catch (thrown) {
      // "Container … is not running" comes as 409, or as 500 when it ended this very moment.
      if (asRuntimeError(thrown).reason === 'invalid') throw thrown;
      const found = await this.inspect(id);
      if (found === undefined || found.phase === 'running' || found.phase === 'paused') throw thrown;
    }
  }

  async remove(id: string): Promise<void> {
    const path = containerPath(id, '');
    try {
      await this.#engine.done({ method: 'DELETE', path, query: { force: true, v: true }, timeoutMs: patientMs });
    } catch (thrown) {
      const { reason } = asRuntimeError(thrown);
      if (reason === 'not-found') return;
      if (reason !== 'conflict') throw thrown;
      await this.#removed(id);
    }
  }

  /** Waits for a removal that somebody else began. */
  async #removed(id: string): Promise<void> {
    const call: Call = { method: 'POST', path: containerPath(id, '/wait'), query: { condition: 'removed' } };
    try {
      await this.#engine.done({ ...call, timeoutMs: patientMs });
    } catch (thrown) {
      if (asRuntimeError(thrown).reason !== 'not-found') throw thrown;
    }
  }

  async inspect(id: string): Promise<Container | undefined> {
    const found = await this.#inspection(id);
    return found && { ...containerOf(found), outOfMemory: await this.#lateOom.of(found) };
  }

  async #inspection(id: string): Promise<Inspection | undefined> {
    try {
      return await this.#engine.json<Inspection>({ method: 'GET', path: containerPath(id, '/json') });
    } catch (thrown) {
      if (asRuntimeError(thrown).reason === 'not-found') return undefined;
      throw thrown;
    }
  }

  async list(labels: Readonly<Record<string, string>>): Promise<Container[]> {
    const query = { all: true, filters: { label: labelFilters(labels) } };
    const found = await this.#engine.json<{ Id: string }[]>({ method: 'GET', path: '/containers/json', query });
    const containers = await Promise.all(found.map(({ Id }) => this.inspect(Id)));
    // Those that vanished since are no longer there to be listed.
    return containers.filter((container) => container !== undefined);
  }

  events(label: string, signal: AbortSignal): AsyncIterable<ContainerEvent> {
    // The engine replays what it remembers since then, so nothing falls between this call and the subscription.
    const since = secondsOf(this.#clock.now());
    const call: Call = { method: 'GET', path: '/events', query: { since, filters: eventFilters(label) }, signal };
    return this.#follow(call);
  }

  async *#follow(call: Call): AsyncGenerator<ContainerEvent, void, undefined> {
    for await (const json of jsonLines<EventJson>(this.#engine.stream(call))) {
      const event = eventOf(json);
      if (event !== undefined) yield event;
    }
    if (!call.signal?.aborted) throw new RuntimeError('unavailable', 'The engine ended the stream of events');
  }

  logs(id: string, after: string | undefined, signal: AbortSignal): AsyncIterable<LogLine> {
    return followLogs({ engine: this.#engine, id, inspect: () => this.#inspection(id) }, after, signal);
  }

  async stats(id: string): Promise<ContainerStats | undefined> {
    const query = { stream: false, 'one-shot': true };
    try {
      return statsOf(await this.#engine.json<StatsJson>({ method: 'GET', path: containerPath(id, '/stats'), query }));
    } catch (thrown) {
      const { reason } = asRuntimeError(thrown);
      if (reason === 'not-found' || reason === 'conflict') return undefined;
      throw thrown;
    }
  }
}

function containerPath(id: string, rest: string): string {
  return `/containers/${pathPart(id)}${rest}`;
}

/** An instant as the engine takes it: `seconds.fraction`. */
function secondsOf(instant: Date): string {
  return (instant.getTime() / 1000).toFixed(3);
}
