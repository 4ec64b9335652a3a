// The world behind runtime-fake.ts: images, containers and networks that outlive their clients, and faults on demand.
import { createHash } from 'node:crypto';
import type { Clock } from '#kernel/clock.ts';
import type { Random } from '#kernel/random.ts';
import { FakeContainer } from './fake-container.ts';
import type { FakeContainerHost } from './fake-container.ts';
import { programOf } from './fake-image.ts';
import type { FakeImage } from './fake-image.ts';
import { RuntimeError } from './runtime.ts';
import type {
  ContainerEvent,
  ContainerSpec,
  Image,
  NetworkSpec,
  Runtime,
  RuntimeErrorReason,
  Volume,
} from './runtime.ts';

export type FakeCall = keyof Runtime;

/** Something that goes wrong with calls. */
export interface FakeFault {
  /** Which calls; all when absent. */
  readonly call?: FakeCall;
  /** They take so much longer. */
  readonly slowMs?: number;
  /** They fail with this. */
  readonly fails?: { readonly reason: RuntimeErrorReason; readonly message: string };
  /** Whether they fail before anything was done (as when absent) or after, so that only the answer is lost. */
  readonly when?: 'before' | 'after';
  /** How many calls; all until `heal` when absent. */
  readonly times?: number;
}

/** Something that happened, for invariants and for a failing seed's history. */
export interface FakeOccurrence {
  readonly at: Date;
  readonly what: 'create' | ContainerEvent['action'];
  readonly id: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface FakeEngineOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** How long calls take, in milliseconds; nothing when absent. The effect comes in the middle of it. */
  readonly latencyMs?: (call: FakeCall, random: Random) => number;
}

export class FakeEngine implements FakeContainerHost {
  readonly clock: Clock;
  readonly random: Random;
  /** Every container that is there, by id. */
  readonly containers = new Map<string, FakeContainer>();
  readonly networks = new Map<string, NetworkSpec>();
  readonly volumes = new Map<string, Volume>();
  /** Everything that ever happened to containers, removed ones too. */
  readonly history: FakeOccurrence[] = [];
  readonly #options: FakeEngineOptions;
  readonly #registry = new Map<string, FakeImage>();
  readonly #images = new Map<string, FakeImage>();
  readonly #listeners = new Set<(event: ContainerEvent | undefined) => void>();
  #faults: { readonly fault: FakeFault; left: number }[] = [];
  #down = false;
  #stamp = { ms: 0, count: 0 };

  constructor(options: FakeEngineOptions) {
    this.#options = options;
    this.clock = options.clock;
    this.random = options.random;
  }

  /** Puts an image into the registry, to be pulled. */
  publish(reference: string, image: FakeImage): void {
    this.#registry.set(reference, image);
  }

  /** Puts an image onto the engine, as if it had been pulled. */
  have(reference: string, image: FakeImage): Image {
    this.#images.set(reference, image);
    return this.image(reference)!;
  }

  /** What the registry has under a reference. */
  published(reference: string): FakeImage | undefined {
    return this.#registry.get(reference);
  }

  image(reference: string): Image | undefined {
    const image = this.#images.get(reference);
    if (image === undefined) return undefined;
    const id = `sha256:${createHash('sha256').update(reference).digest('hex')}`;
    const repository = reference.replace(/@.*$/, '').replace(/:[^:/]*$/, '');
    return { id, repoDigests: [`${repository}@${id}`], size: image.size ?? 1 << 20 };
  }

  /** Lets calls go wrong until `heal`, or so many times. */
  inject(fault: FakeFault): void {
    this.#faults.push({ fault, left: fault.times ?? Infinity });
  }

  /** Takes every fault back and ends an outage. */
  heal(): void {
    this.#faults = [];
    this.#down = false;
  }

  /** The engine goes away: calls throw `unavailable`, streams break. Containers go on, or end with it. */
  outage(containers: 'go on' | 'end' = 'go on'): void {
    this.#down = true;
    if (containers === 'end') for (const container of this.containers.values()) container.end(137);
    for (const listen of this.#listeners) listen(undefined);
  }

  get down(): boolean {
    return this.#down;
  }

  /** A container's program dies. */
  crash(id: string, exitCode: number): void {
    this.required(id).end(exitCode);
  }

  /** A container is killed for its use of memory. */
  runOutOfMemory(id: string): void {
    this.required(id).end(137, true);
  }

  pause(id: string, paused: boolean): void {
    this.required(id).pause(paused);
  }

  /** Removes a container, as a call or somebody's hand does. */
  remove(id: string): void {
    const container = this.find(id);
    if (container === undefined) return;
    container.end(137);
    this.containers.delete(container.id);
    this.happened(container, 'remove');
  }

  /** By id or name. */
  find(id: string): FakeContainer | undefined {
    return this.containers.get(id) ?? [...this.containers.values()].find((each) => each.spec.name === id);
  }

  required(id: string): FakeContainer {
    const container = this.find(id);
    if (container === undefined) throw new RuntimeError('not-found', `No such container: ${id}`);
    return container;
  }

  create(spec: ContainerSpec): FakeContainer {
    const image = this.image(spec.image);
    if (image === undefined) throw new RuntimeError('not-found', `No such image: ${spec.image}`);
    if (this.find(spec.name))
      throw new RuntimeError('conflict', `The container name "/${spec.name}" is already in use`);
    for (const { container } of spec.volumesFrom ?? []) this.required(container);
    // As on the real engine, a volume that nobody made is made here, without labels.
    for (const { volume } of spec.mounts ?? []) {
      if (!this.volumes.has(volume)) this.volumes.set(volume, { name: volume, labels: {} });
    }
    const id = this.random.bytes(32).toString('hex');
    const container = new FakeContainer(this, id, spec, image.id);
    this.containers.set(id, container);
    this.#record(container, 'create');
    return container;
  }

  start(id: string): void {
    const container = this.required(id);
    if (container.running) return;
    this.#checkNetwork(container);
    const image = this.#images.get(container.spec.image);
    const program = image && programOf(image, container.spec, this.random);
    const failure = program === undefined ? 'its image is gone' : program.failsToStart;
    if (failure !== undefined) {
      container.failToStart(failure);
      throw new RuntimeError('failed', failure);
    }
    container.start(program!);
  }

  #checkNetwork(container: FakeContainer): void {
    const { network } = container.spec;
    if (network.mode === 'container' && !this.required(network.id).running) {
      throw new RuntimeError('conflict', `cannot join network of a non running container: ${network.id}`);
    }
    if (network.mode !== 'bridge') return;
    if (!this.networks.has(network.network))
      throw new RuntimeError('not-found', `network ${network.network} not found`);
    if (this.#attached(network.network).some((each) => addressOf(each) === network.ipv4Address)) {
      throw new RuntimeError('conflict', 'Address already in use');
    }
  }

  ensureNetwork(spec: NetworkSpec): void {
    const there = this.networks.get(spec.name);
    if (there !== undefined && (there.subnet !== spec.subnet || there.gateway !== spec.gateway)) {
      throw new RuntimeError('conflict', `The network ${spec.name} exists with the subnet ${there.subnet}`);
    }
    const others = [...this.networks.values()].filter(({ name }) => name !== spec.name);
    if (others.some(({ subnet }) => overlap(subnet, spec.subnet))) {
      throw new RuntimeError('conflict', 'Pool overlaps with other one on this address space');
    }
    if (there === undefined) this.networks.set(spec.name, spec);
  }

  removeNetwork(name: string): void {
    if (this.#attached(name).length > 0) throw new RuntimeError('conflict', `network ${name} has active endpoints`);
    this.networks.delete(name);
  }

  ensureVolume(spec: Volume): void {
    const there = this.volumes.get(spec.name);
    if (there === undefined) this.volumes.set(spec.name, spec);
    else if (Object.entries(spec.labels).some(([label, value]) => there.labels[label] !== value)) {
      throw new RuntimeError('conflict', `The volume ${spec.name} exists with other labels`);
    }
  }

  removeVolume(name: string): void {
    const users = [...this.containers.values()].filter((each) => this.#volumesOf(each).has(name));
    if (users.length > 0) {
      throw new RuntimeError(
        'conflict',
        `remove ${name}: volume is in use - [${users.map(({ id }) => id).join(', ')}]`,
      );
    }
    this.volumes.delete(name);
  }

  /** The names of the volumes that a container has, by itself or from others. */
  #volumesOf({ spec: { mounts = [], volumesFrom = [] } }: FakeContainer): Set<string> {
    const others = volumesFrom.map(({ container }) => this.find(container)).filter((each) => each !== undefined);
    return new Set([...mounts.map(({ volume }) => volume), ...others.flatMap((each) => [...this.#volumesOf(each)])]);
  }

  /** The running containers on a network. */
  #attached(name: string): FakeContainer[] {
    const on = ({ spec: { network } }: FakeContainer) => network.mode === 'bridge' && network.network === name;
    return [...this.containers.values()].filter((each) => each.running && on(each));
  }

  /** Calls `listen` with every event, and with undefined when the engine goes away; gives what stops that. */
  listen(listen: (event: ContainerEvent | undefined) => void): () => void {
    this.#listeners.add(listen);
    return () => this.#listeners.delete(listen);
  }

  happened(container: FakeContainer, action: ContainerEvent['action']): void {
    this.#record(container, action);
    const event = { id: container.id, labels: container.spec.labels, action, at: this.clock.now() };
    for (const listen of this.#listeners) listen(event);
  }

  #record({ id, spec: { name, labels } }: FakeContainer, what: FakeOccurrence['what']): void {
    this.history.push({ at: this.clock.now(), what, id, name, labels });
  }

  timestamp(): string {
    const now = this.clock.now();
    const ms = now.getTime();
    this.#stamp = { ms, count: ms === this.#stamp.ms ? this.#stamp.count + 1 : 0 };
    return now.toISOString().replace('Z', `${String(this.#stamp.count).padStart(6, '0')}Z`);
  }

  /** Performs a call with its latency and whatever goes wrong with it. */
  async perform<R>(call: FakeCall, work: () => R | Promise<R>): Promise<R> {
    const faults = this.#faultsOf(call);
    const slow = faults.reduce((ms, { slowMs = 0 }) => ms + slowMs, this.#options.latencyMs?.(call, this.random) ?? 0);
    await this.#pass(slow / 2);
    failBecauseOf(faults, 'before');
    const result = await work();
    await this.#pass(slow / 2);
    failBecauseOf(faults, 'after');
    return result;
  }

  async #pass(ms: number): Promise<void> {
    if (ms > 0) await this.clock.sleep(ms);
    if (this.#down) throw new RuntimeError('unavailable', 'The engine does not answer');
  }

  #faultsOf(call: FakeCall): FakeFault[] {
    const concerned = this.#faults.filter(({ fault, left }) => left > 0 && (fault.call ?? call) === call);
    for (const each of concerned) each.left -= 1;
    return concerned.map(({ fault }) => fault);
  }
}

function failBecauseOf(faults: readonly FakeFault[], when: 'before' | 'after'): void {
  const fault = faults.find((each) => each.fails !== undefined && (each.when ?? 'before') === when);
  if (fault?.fails !== undefined) throw new RuntimeError(fault.fails.reason, fault.fails.message);
}

function addressOf({ spec: { network } }: FakeContainer): string | undefined {
  return network.mode === 'bridge' ? network.ipv4Address : undefined;
}

function overlap(a: string, b: string): boolean {
  const [one, other] = [a, b].map((cidr) => {
    const [address = '', bits = '32'] = cidr.split('/');
    return {
      value: address.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0),
      size: 2 ** (32 - Number(bits)),
    };
  }) as [{ value: number; size: number }, { value: number; size: number }];
  return one.value < other.value + other.size && other.value < one.value + one.size;
}
