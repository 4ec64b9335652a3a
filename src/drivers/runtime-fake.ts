// The Runtime over a fake engine (fake-engine.ts): for tests and the simulation, on any clock.
import type { FakeCall, FakeEngine } from './fake-engine.ts';
import { RuntimeError } from './runtime.ts';
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
} from './runtime.ts';

/** One client of a fake engine. A restarted control plane makes a new one; the engine goes on living. */
export class FakeRuntime implements Runtime {
  readonly #engine: FakeEngine;
  #gone = false;

  constructor(engine: FakeEngine) {
    this.#engine = engine;
  }

  /** The process that this client stands in dies: whatever waits for an answer of it waits for ever. */
  disconnect(): void {
    this.#gone = true;
  }

  version(): Promise<string> {
    return this.#call('version', () => 'fake');
  }

  pull(reference: string, _auth: RegistryAuth | undefined, signal: AbortSignal): Promise<Image> {
    return this.#call('pull', async () => {
      const image = this.#engine.published(reference);
      if (image === undefined) throw new RuntimeError('not-found', `manifest for ${reference} not found`);
      if (image.pullMs) await this.#engine.clock.sleep(image.pullMs, signal);
      signal.throwIfAborted();
      if (image.pullFails) throw new RuntimeError(image.pullFails.reason, image.pullFails.message);
      return this.#engine.have(reference, image);
    });
  }

  image(reference: string): Promise<Image | undefined> {
    return this.#call('image', () => this.#engine.image(reference));
  }

  /** The program is one that runs until it is stopped, as a pause container's. */
  makeImage(reference: string): Promise<Image> {
    return this.#call(
      'makeImage',
      () => this.#engine.image(reference) ?? this.#engine.have(reference, { program: { termExitCode: 0 } }),
    );
  }

  ensureNetwork(spec: NetworkSpec): Promise<void> {
    return this.#call('ensureNetwork', () => this.#engine.ensureNetwork(spec));
  }

  networks(labels: Readonly<Record<string, string>>): Promise<string[]> {
    return this.#call('networks', () =>
      [...this.#engine.networks.values()].filter((each) => carries(each.labels, labels)).map(({ name }) => name),
    );
  }

  removeNetwork(name: string): Promise<void> {
    return this.#call('removeNetwork', () => this.#engine.removeNetwork(name));
  }

  ensureVolume(spec: Volume): Promise<void> {
    return this.#call('ensureVolume', () => this.#engine.ensureVolume(spec));
  }

  volumes(labels: Readonly<Record<string, string>>): Promise<Volume[]> {
    return this.#call('volumes', () =>
      [...this.#engine.volumes.values()].filter((each) => carries(each.labels, labels)),
    );
  }

  removeVolume(name: string): Promise<void> {
    return this.#call('removeVolume', () => this.#engine.removeVolume(name));
  }

  create(spec: ContainerSpec): Promise<string> {
    return this.#call('create', () => this.#engine.create(spec).id);
  }

  start(id: string): Promise<void> {
    return this.#call('start', () => this.#engine.start(id));
  }

  stop(id: string, timeoutSeconds: number): Promise<void> {
    return this.#call('stop', async () => {
      const container = this.#engine.required(id);
      void container.signal(container.stopSignal);
      await container.ended(timeoutSeconds * 1000);
      await container.signal('SIGKILL');
    });
  }

  kill(id: string, signal: string): Promise<void> {
    return this.#call('kill', () => void this.#engine.required(id).signal(signal));
  }

  remove(id: string): Promise<void> {
    return this.#call('remove', () => this.#engine.remove(id));
  }

  inspect(id: string): Promise<Container | undefined> {
    return this.#call('inspect', () => this.#engine.find(id)?.describe());
  }

  list(labels: Readonly<Record<string, string>>): Promise<Container[]> {
    return this.#call('list', () =>
      [...this.#engine.containers.values()]
        .filter((each) => carries(each.spec.labels, labels))
        .map((each) => each.describe()),
    );
  }

  /** `label` is a key or `key=value`. */
  events(label: string, signal: AbortSignal): AsyncIterable<ContainerEvent> {
    const [key = '', ...rest] = label.split('=');
    const value = rest.length === 0 ? undefined : rest.join('=');
    const concerns = ({ labels }: ContainerEvent) =>
      value === undefined ? labels[key] !== undefined : labels[key] === value;
    const stream = new Stream<ContainerEvent>(signal, this.#engine.down);
    const stop = this.#engine.listen((event) => {
      if (event === undefined) stream.breakOff();
      else if (concerns(event)) stream.push(event);
    });
    signal.addEventListener('abort', stop, { once: true });
    return this.#deliver(stream, stop);
  }

  logs(id: string, after: string | undefined, signal: AbortSignal): AsyncIterable<LogLine> {
    return this.#lines(id, after, signal);
  }

  async *#lines(id: string, after: string | undefined, signal: AbortSignal): AsyncGenerator<LogLine, void, undefined> {
    const container = await this.#call('logs', () => this.#engine.required(id));
    const stream = new Stream<LogLine>(signal, this.#engine.down);
    let next = 0;
    const take = () => {
      for (; next < container.lines.length; next += 1) {
        const line = container.lines[next]!;
        if (after === undefined || line.timestamp >= after) stream.push(line);
      }
      if (!container.running) stream.end();
    };
    const unfollow = container.follow(take);
    const unlisten = this.#engine.listen((event) => event === undefined && stream.breakOff());
    take();
    yield* this.#deliver(stream, () => {
      unfollow();
      unlisten();
    });
  }

  async *#deliver<T>(stream: Stream<T>, stop: () => void): AsyncGenerator<T, void, undefined> {
    try {
      for await (const item of stream) {
        await this.#answered();
        yield item;
      }
      await this.#answered();
    } finally {
      stop();
    }
  }

  stats(id: string): Promise<ContainerStats | undefined> {
    return this.#call('stats', () => {
      const container = this.#engine.find(id);
      if (!container?.running) return undefined;
      const at = this.#engine.clock.now();
      const ranMs = at.getTime() - (container.describe().startedAt?.getTime() ?? 0);
      return {
        at,
        // A tenth of one CPU, all the time.
        cpuNanoseconds: ranMs * 100_000,
        memoryBytes: container.memoryBytes,
        networkReceivedBytes: 0,
        networkSentBytes: 0,
        blockReadBytes: 0,
        blockWrittenBytes: 0,
      };
    });
  }

  async #call<R>(call: FakeCall, work: () => R | Promise<R>): Promise<R> {
    await this.#answered();
    try {
      return await this.#engine.perform(call, work);
    } finally {
      await this.#answered();
    }
  }

  /** Resolves at once while the process lives, and never when it is gone. */
  async #answered(): Promise<void> {
    if (this.#gone) await new Promise<never>(() => {});
  }
}

/** Items pushed by the engine, pulled by whoever iterates. */
class Stream<T> implements AsyncIterable<T> {
  readonly #items: T[] = [];
  readonly #signal: AbortSignal;
  #state: 'open' | 'ended' | 'broken';
  #wake: () => void = () => {};

  constructor(signal: AbortSignal, broken: boolean) {
    this.#signal = signal;
    this.#state = broken ? 'broken' : 'open';
    signal.addEventListener('abort', () => this.#wake(), { once: true });
  }

  push(item: T): void {
    this.#items.push(item);
    this.#wake();
  }

  end(): void {
    if (this.#state === 'open') this.#state = 'ended';
    this.#wake();
  }

  breakOff(): void {
    if (this.#state === 'open') this.#state = 'broken';
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    while (!this.#signal.aborted) {
      const item = this.#items.shift();
      if (item !== undefined) yield item;
      else if (this.#state === 'ended') return;
      else if (this.#state === 'broken') throw new RuntimeError('unavailable', 'The engine went away');
      else await new Promise<void>((resolve) => void (this.#wake = resolve));
    }
  }
}

/** A wanted value of '' asks for the label alone. */
function carries(own: Readonly<Record<string, string>>, wanted: Readonly<Record<string, string>>): boolean {
  return Object.entries(wanted).every(([name, value]) =>
    value === '' ? own[name] !== undefined : own[name] === value,
  );
}
