// What every Runtime must do, run for the real engine and for the fake one.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, suite, test } from 'node:test';
import type { FakeProgram } from './fake-image.ts';
import { RuntimeError } from './runtime.ts';
import type {
  Container,
  ContainerEvent,
  ContainerSpec,
  HealthCheck,
  LogLine,
  Runtime,
  RuntimeErrorReason,
  Volume,
} from './runtime.ts';

/** Carried by everything that a test makes on a real engine. */
export const testLabel = 'berth.test';

/** An engine to test, and how to say what a container does on it. */
export interface RuntimeHarness {
  readonly runtime: Runtime;
  program(program: FakeProgram): Promise<Pick<ContainerSpec, 'image' | 'entryPoint' | 'command'>>;
}

/** Declares the suite's tests. `open` is called once, before the first. */
export function runtimeSuite(title: string, open: () => Promise<RuntimeHarness>, skip: string | false = false): void {
  suite(title, { skip, concurrency: 3 }, () => {
    const world = new World();
    before(async () => {
      world.harness = await open();
    });
    after(() => skip === false && world.clear());
    lifeTests(world);
    failureTests(world);
    findingTests(world);
    logTests(world);
    networkTests(world);
    healthTests(world);
    volumeTests(world);
  });
}

/** The engine under test, with names of its own and a clean-up. */
class World {
  harness!: RuntimeHarness;
  readonly run = randomBytes(4).toString('hex');
  readonly #networks: string[] = [];
  readonly #volumes: string[] = [];
  #count = 0;

  get runtime(): Runtime {
    return this.harness.runtime;
  }

  /** A spec with a name and labels of its own. */
  async spec(program: FakeProgram, extra: Partial<ContainerSpec> = {}): Promise<ContainerSpec> {
    this.#count += 1;
    const name = `berth-test-${this.run}-${this.#count}`;
    const labels = { [testLabel]: '1', 'berth.test.run': this.run, ...extra.labels };
    return { name, network: { mode: 'none' }, ...(await this.harness.program(program)), ...extra, labels };
  }

  async create(program: FakeProgram, extra: Partial<ContainerSpec> = {}): Promise<string> {
    return this.runtime.create(await this.spec(program, extra));
  }

  async start(program: FakeProgram, extra: Partial<ContainerSpec> = {}): Promise<string> {
    const id = await this.create(program, extra);
    await this.runtime.start(id);
    return id;
  }

  async inspect(id: string): Promise<Container> {
    const container = await this.runtime.inspect(id);
    assert.ok(container, `${id} is there`);
    return container;
  }

  /** The container once it has ended, which is when its output does. */
  async ended(id: string): Promise<Container> {
    await all(this.runtime.logs(id, undefined, never));
    const container = await this.inspect(id);
    assert.equal(container.phase, 'exited');
    return container;
  }

  /** A network of a third octet of its own. */
  async network(octet: number): Promise<string> {
    const name = `berth-test-${this.run}-${octet}`;
    this.#networks.push(name);
    await this.runtime.ensureNetwork({ ...subnet(octet), name, labels: { [testLabel]: '1' } });
    return name;
  }

  /** The name and labels of a volume to be made. */
  volume(labels: Record<string, string> = {}): Volume {
    this.#count += 1;
    const name = `berth-test-${this.run}-${this.#count}`;
    this.#volumes.push(name);
    return { name, labels: { [testLabel]: '1', ...labels } };
  }

  async clear(): Promise<void> {
    const left = await this.runtime.list({ 'berth.test.run': this.run });
    await Promise.all(left.map(({ id }) => this.runtime.remove(id)));
    for (const name of this.#networks) await this.runtime.removeNetwork(name);
    for (const name of this.#volumes) await this.runtime.removeVolume(name);
  }
}

function subnet(octet: number): { readonly subnet: string; readonly gateway: string } {
  return { subnet: `10.213.${octet}.0/24`, gateway: `10.213.${octet}.1` };
}

function failsWith(reason: RuntimeErrorReason, words: RegExp = /./): (thrown: unknown) => boolean {
  return (thrown) => {
    assert.ok(thrown instanceof RuntimeError, String(thrown));
    assert.match(thrown.message, words);
    assert.equal(thrown.reason, reason, thrown.message);
    return true;
  };
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  return Array.fromAsync(items);
}

const never = new AbortController().signal;

/** Runs until it is stopped. */
const service: FakeProgram = {};

function lifeTests(world: World): void {
  test('a container goes from created to running to exited, with its times', async () => {
    const id = await world.create({ runsForMs: 0 });
    const made = await world.inspect(id);
    assert.equal(made.phase, 'created');
    assert.equal(made.startedAt, undefined);
    assert.equal(made.exitCode, undefined);
    await world.runtime.start(id);
    const ended = await world.ended(id);
    assert.equal(ended.exitCode, 0);
    assert.equal(ended.outOfMemory, false);
    assert.equal(ended.error, undefined);
    assert.ok(ended.createdAt <= ended.startedAt! && ended.startedAt! <= ended.finishedAt!);
  });

  test('the exit code is the program’s own', async () => {
    const id = await world.start({ runsForMs: 0, exitCode: 7 });
    assert.equal((await world.ended(id)).exitCode, 7);
  });

  test('a running container has neither exit code nor end', async () => {
    const id = await world.start(service);
    const container = await world.inspect(id);
    assert.equal(container.phase, 'running');
    assert.equal(container.exitCode, undefined);
    assert.equal(container.finishedAt, undefined);
    assert.match(container.imageId, /^sha256:[0-9a-f]{64}$/);
  });

  test('start, stop, kill and remove do nothing the second time', async () => {
    const id = await world.start(service);
    await world.runtime.start(id);
    await world.runtime.stop(id, 10);
    await world.runtime.stop(id, 10);
    await world.runtime.kill(id, 'SIGKILL');
    assert.equal((await world.inspect(id)).phase, 'exited');
    await world.runtime.remove(id);
    await world.runtime.remove(id);
    assert.equal(await world.runtime.inspect(id), undefined);
  });

  test('stop lets a program end by itself', async () => {
    const id = await world.start({ termExitCode: 3 });
    await world.runtime.stop(id, 30);
    assert.equal((await world.inspect(id)).exitCode, 3);
  });

  test('stop kills what takes no notice', async () => {
    const id = await world.start({ ignoresTerm: true });
    await world.runtime.stop(id, 1);
    const container = await world.inspect(id);
    assert.equal(container.phase, 'exited');
    assert.equal(container.exitCode, 137);
    assert.equal(container.outOfMemory, false);
  });

  test('kill ends a container with 137', async () => {
    const id = await world.start(service);
    await world.runtime.kill(id, 'SIGKILL');
    assert.equal((await world.ended(id)).exitCode, 137);
  });

  test('a container that ended starts again', async () => {
    const id = await world.start({ runsForMs: 0, exitCode: 7 });
    const first = await world.ended(id);
    await world.runtime.start(id);
    const second = await world.ended(id);
    assert.ok(second.startedAt! >= first.finishedAt!);
  });

  test('a running container is removed, and its name is free again', async () => {
    const spec = await world.spec(service);
    const id = await world.runtime.create(spec);
    await world.runtime.start(id);
    await world.runtime.remove(id);
    assert.notEqual(await world.runtime.create(spec), id);
  });

  test('stats are there while it runs', async () => {
    const id = await world.start(service);
    const stats = await world.runtime.stats(id);
    assert.ok(stats);
    assert.ok(stats.memoryBytes > 0 && stats.cpuNanoseconds >= 0);
    await world.runtime.kill(id, 'SIGKILL');
    await world.ended(id);
    assert.equal(await world.runtime.stats(id), undefined);
    assert.equal(await world.runtime.stats('no-such-container'), undefined);
  });
}

function failureTests(world: World): void {
  test('an image that is not there fails create and pull as not found', async () => {
    const spec = await world.spec(service, { image: '127.0.0.1:1/berth-test/absent:none', entryPoint: ['/x'] });
    await assert.rejects(world.runtime.create(spec), failsWith('not-found', /no such image/i));
    assert.equal(await world.runtime.image(spec.image), undefined);
  });

  test('a name that is taken is a conflict', async () => {
    const spec = await world.spec(service);
    await world.runtime.create(spec);
    await assert.rejects(world.runtime.create(spec), failsWith('conflict', /already in use/));
  });

  test('a program that cannot be executed fails the start in the engine’s words, which the container keeps', async () => {
    const id = await world.create({ failsToStart: 'OCI runtime create failed: no such file or directory' });
    await assert.rejects(world.runtime.start(id), failsWith('failed', /OCI runtime create failed.*no such file/s));
    const container = await world.inspect(id);
    assert.equal(container.phase, 'created');
    assert.equal(container.exitCode, 127);
    assert.match(container.error ?? '', /OCI runtime create failed/);
    await world.runtime.remove(id);
  });

  test('what is not there cannot be started, stopped, killed or read', async () => {
    const { runtime } = world;
    const notFound = failsWith('not-found', /no such container/i);
    await assert.rejects(runtime.start('berth-test-nothing'), notFound);
    await assert.rejects(runtime.stop('berth-test-nothing', 1), notFound);
    await assert.rejects(runtime.kill('berth-test-nothing', 'SIGKILL'), notFound);
    await assert.rejects(all(runtime.logs('berth-test-nothing', undefined, never)), notFound);
    assert.equal(await runtime.inspect('berth-test-nothing'), undefined);
  });

  test('a container that takes more memory than its limit is killed and says so', async () => {
    // dockerd 20.10 loses about one such message in a hundred for good: three in a row would be our fault.
    const said: boolean[] = [];
    while (said.length < 3 && !said.includes(true)) {
      const id = await world.start({ memoryBytes: 64 << 20 }, { memoryBytes: 8 << 20 });
      const container = await world.ended(id);
      assert.equal(container.exitCode, 137);
      said.push(container.outOfMemory);
    }
    assert.ok(said.includes(true), `of ${said.length} none was said to be out of memory`);
  });
}

function findingTests(world: World): void {
  test('list gives containers in any phase that carry all labels', async () => {
    const group = `group-${randomBytes(4).toString('hex')}`;
    const running = await world.start(service, { labels: { group, role: 'a' } });
    const created = await world.create(service, { labels: { group, role: 'b' } });
    const ended = await world.start({ runsForMs: 0, exitCode: 7 }, { labels: { group, role: 'b' } });
    await world.ended(ended);
    const ids = async (labels: Record<string, string>) =>
      (await world.runtime.list(labels)).map((container) => container.id).toSorted();
    assert.deepEqual(await ids({ group }), [running, created, ended].toSorted());
    assert.deepEqual(await ids({ group, role: 'b' }), [created, ended].toSorted());
    assert.deepEqual(await ids({ group, role: '' }), [running, created, ended].toSorted());
    assert.deepEqual(await ids({ group, role: 'c' }), []);
    const [found] = await world.runtime.list({ group, role: 'a' });
    assert.deepEqual(found, await world.inspect(running));
    assert.equal(found?.labels['role'], 'a');
  });

  test('a container is found by its name', async () => {
    const spec = await world.spec(service);
    const id = await world.runtime.create(spec);
    const found = await world.runtime.inspect(spec.name);
    assert.equal(found?.id, id);
    assert.equal(found?.name, spec.name);
  });

  test('events come in order, for the label alone, and end quietly', async () => {
    const group = `events-${randomBytes(4).toString('hex')}`;
    const aborter = new AbortController();
    const events = world.runtime.events(`group=${group}`, aborter.signal);
    const id = await world.start({ runsForMs: 0, exitCode: 7 }, { labels: { group } });
    await world.start({ runsForMs: 0 });
    await world.ended(id);
    await world.runtime.remove(id);
    const seen: ContainerEvent[] = [];
    for await (const event of events) {
      seen.push(event);
      if (event.action === 'remove') aborter.abort();
    }
    assert.deepEqual(
      seen.map((event) => event.action),
      ['start', 'die', 'remove'],
    );
    assert.ok(seen.every((event) => event.id === id && event.labels['group'] === group));
    assert.ok(Math.abs(Date.now() - seen[0]!.at.getTime()) < 60_000);
  });
}

function logTests(world: World): void {
  const texts = (lines: readonly LogLine[]) => lines.map((line) => line.text);

  test('logs of both streams come in order, with increasing timestamps', async () => {
    const id = await world.start({
      output: [{ text: 'one' }, { text: 'two' }, { text: 'bad', stream: 'stderr' }, { text: '' }, { text: 'grüße' }],
      runsForMs: 0,
    });
    await world.ended(id);
    const lines = await all(world.runtime.logs(id, undefined, never));
    const of = (stream: LogLine['stream']) => texts(lines.filter((line) => line.stream === stream));
    assert.deepEqual(of('stdout'), ['one', 'two', '', 'grüße']);
    assert.deepEqual(of('stderr'), ['bad']);
    for (const { timestamp } of lines) assert.match(timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/);
    const out = lines.filter((line) => line.stream === 'stdout').map((line) => line.timestamp);
    assert.deepEqual(out, out.toSorted());
  });

  test('logs resume after a timestamp, giving its own lines again', async () => {
    const output = Array.from({ length: 20 }, (_, index) => ({ text: `line ${index}` }));
    const id = await world.start({ output, runsForMs: 0 });
    await world.ended(id);
    const lines = await all(world.runtime.logs(id, undefined, never));
    assert.equal(lines.length, 20);
    const position = lines[9]!.timestamp;
    const rest = await all(world.runtime.logs(id, position, never));
    assert.deepEqual(
      rest,
      lines.filter((line) => line.timestamp >= position),
    );
    assert.ok(rest.length < 20 && rest.length >= 11);
  });

  test('logs follow a container until it ends', async () => {
    const id = await world.start({ output: [{ text: 'first' }, { text: 'last', afterMs: 300 }], runsForMs: 300 });
    const seen: string[] = [];
    let early = false;
    for await (const { text } of world.runtime.logs(id, undefined, never)) {
      if (text === 'first') early = (await world.inspect(id)).phase === 'running';
      seen.push(text);
    }
    assert.deepEqual(seen, ['first', 'last']);
    assert.ok(early, 'the first line came while it ran');
  });

  test('following ends quietly when it is aborted', async () => {
    const id = await world.start({ output: [{ text: 'first' }] });
    const aborter = new AbortController();
    for await (const { text } of world.runtime.logs(id, undefined, aborter.signal)) {
      assert.equal(text, 'first');
      aborter.abort();
    }
    assert.equal((await world.inspect(id)).phase, 'running');
  });

  test('a long line comes as one', async () => {
    const long = Array.from({ length: 10_000 }, (_, index) => `${index},`).join('');
    const id = await world.start({ output: [{ text: long }, { text: 'after' }], runsForMs: 0 });
    assert.deepEqual(texts(await all(world.runtime.logs(id, undefined, never))), [long, 'after']);
  });

  test('a terminal’s output comes the same way', async () => {
    const long = 'x'.repeat(40_000);
    const output = [{ text: 'one' }, { text: long }, { text: 'three' }];
    const id = await world.start({ output, runsForMs: 0 }, { tty: true });
    assert.deepEqual(texts(await all(world.runtime.logs(id, undefined, never))), ['one', long, 'three']);
  });

  test('5,000 lines come within seconds and complete', async () => {
    const output = Array.from({ length: 5000 }, (_, index) => ({ text: `line ${index}` }));
    const id = await world.start({ output, runsForMs: 0 });
    const begun = performance.now();
    const lines = texts(await all(world.runtime.logs(id, undefined, never)));
    assert.deepEqual(
      lines,
      output.map((each) => each.text),
    );
    assert.ok(performance.now() - begun < 5000);
  });
}

function networkTests(world: World): void {
  test('a network is made once, and another subnet under its name is a conflict', async () => {
    const name = await world.network(11);
    const labels = { [testLabel]: '1' };
    await world.runtime.ensureNetwork({ ...subnet(11), name, labels });
    await assert.rejects(world.runtime.ensureNetwork({ ...subnet(12), name, labels }), failsWith('conflict'));
    const other = { ...subnet(11), name: `${name}-other`, labels };
    await assert.rejects(world.runtime.ensureNetwork(other), failsWith('conflict', /overlaps/));
    await world.runtime.removeNetwork(name);
    await world.runtime.removeNetwork(name);
  });

  test('networks are found by all of their labels', async () => {
    const name = await world.network(15);
    assert.ok((await world.runtime.networks({ [testLabel]: '1' })).includes(name));
    assert.ok((await world.runtime.networks({ [testLabel]: '' })).includes(name));
    assert.ok(!(await world.runtime.networks({ [testLabel]: '2' })).includes(name));
    assert.deepEqual(await world.runtime.networks({ [testLabel]: '1', 'berth.test.none': '' }), []);
  });

  test('a fixed address can be had once, and keeps its network from being removed', async () => {
    const network = await world.network(13);
    const at = { mode: 'bridge', network, ipv4Address: '10.213.13.9', macAddress: '02:42:0a:d5:0d:09' } as const;
    const first = await world.start(service, { network: at });
    const second = await world.create(service, { network: { ...at, macAddress: undefined } });
    await assert.rejects(world.runtime.start(second), failsWith('conflict', /address already in use/i));
    await assert.rejects(world.runtime.removeNetwork(network), failsWith('conflict', /active endpoints/));
    await world.runtime.remove(first);
    await world.runtime.start(second);
    await world.runtime.remove(second);
    await world.runtime.removeNetwork(network);
  });

  test('a network that is not there fails the start', async () => {
    const network = { mode: 'bridge', network: 'berth-test-absent', ipv4Address: '10.213.14.9' } as const;
    const id = await world.create(service, { network });
    await assert.rejects(world.runtime.start(id), failsWith('not-found', /network berth-test-absent not found/));
  });

  test('a container shares another’s network while that one runs', async () => {
    const pause = await world.start(service);
    const network = { mode: 'container', id: pause } as const;
    const sharer = await world.create(service, { network });
    const late = await world.create(service, { network });
    await world.runtime.start(sharer);
    await world.runtime.kill(pause, 'SIGKILL');
    await world.ended(pause);
    assert.equal((await world.inspect(sharer)).phase, 'running');
    await assert.rejects(world.runtime.start(late), failsWith('conflict', /non running container/));
    const lost = await world.create(service, { network: { mode: 'container', id: 'berth-test-nothing' } });
    await assert.rejects(world.runtime.start(lost), failsWith('not-found', /no such container/i));
  });
}

function volumeTests(world: World): void {
  test('a volume is made once, and other labels under its name are a conflict', async () => {
    const volume = world.volume({ group: 'once' });
    await world.runtime.ensureVolume(volume);
    await world.runtime.ensureVolume(volume);
    const other = { name: volume.name, labels: { ...volume.labels, group: 'other' } };
    await assert.rejects(world.runtime.ensureVolume(other), failsWith('conflict', /exists with other labels/));
    await world.runtime.removeVolume(volume.name);
    await world.runtime.removeVolume(volume.name);
  });

  test('volumes are found by all of their labels', async () => {
    const group = `group-${randomBytes(4).toString('hex')}`;
    const [first, second] = [world.volume({ group, role: 'a' }), world.volume({ group, role: 'b' })];
    for (const volume of [first, second]) await world.runtime.ensureVolume(volume);
    const found = async (labels: Record<string, string>) =>
      (await world.runtime.volumes(labels)).toSorted((a, b) => (a.name < b.name ? -1 : 1));
    assert.deepEqual(
      await found({ group }),
      [first, second].toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    );
    assert.deepEqual(await found({ group, role: 'b' }), [second]);
    assert.deepEqual(await found({ group, role: 'c' }), []);
    assert.deepEqual(await found({ group, role: '' }), await found({ group }));
  });

  test('a container keeps its volumes, and those it has from another, from being removed', async () => {
    const volume = world.volume();
    await world.runtime.ensureVolume(volume);
    const first = await world.create(service, {
      mounts: [{ volume: volume.name, target: '/data', readOnly: false }],
    });
    const second = await world.create(service, { volumesFrom: [{ container: first, readOnly: true }] });
    await assert.rejects(world.runtime.removeVolume(volume.name), failsWith('conflict', /volume is in use/));
    await world.runtime.remove(second);
    await assert.rejects(world.runtime.removeVolume(volume.name), failsWith('conflict', /volume is in use/));
    await world.runtime.remove(first);
    await world.runtime.removeVolume(volume.name);
    assert.ok(!(await world.runtime.volumes({ [testLabel]: '1' })).some(({ name }) => name === volume.name));
  });

  test('volumes from a container that is not there fail the creation', async () => {
    const spec = await world.spec(service, { volumesFrom: [{ container: 'berth-test-nothing', readOnly: false }] });
    await assert.rejects(world.runtime.create(spec), failsWith('not-found', /no such container/i));
  });
}

/** Every tenth of a second; the line is for the real engine, the program's `checks` say the same to the fake one. */
function checkBy(line: string, parts: Partial<HealthCheck> = {}): { readonly healthCheck: HealthCheck } {
  const command = ['CMD', '/busybox', 'sh', '-c', line];
  return {
    healthCheck: { command, intervalMs: 100, timeoutMs: 10_000, retries: 2, startPeriodMs: 0, ...parts },
  };
}

function healthTests(world: World): void {
  /** The healths that a container comes to, as its events announce them. */
  async function healths(program: FakeProgram, extra: Partial<ContainerSpec>, count: number): Promise<string[]> {
    const group = `health-${randomBytes(4).toString('hex')}`;
    const aborter = new AbortController();
    const events = world.runtime.events(`group=${group}`, aborter.signal);
    const id = await world.start(program, { ...extra, labels: { group } });
    const seen: string[] = [];
    for await (const event of events) {
      if (event.action !== 'health') continue;
      seen.push((await world.inspect(id)).health ?? 'none');
      if (seen.length === count) aborter.abort();
    }
    return seen;
  }

  test('a container without a health check has no health, even where the image brings one', async () => {
    const id = await world.start(service, { healthCheck: 'none' });
    assert.equal((await world.inspect(id)).health, undefined);
  });

  test('a container is starting until a check was made', async () => {
    const id = await world.start(service, checkBy('true', { intervalMs: 60_000 }));
    assert.equal((await world.inspect(id)).health, 'starting');
  });

  test('a check that passes makes it healthy, which is announced', async () => {
    assert.deepEqual(await healths({ checks: [true] }, checkBy('true'), 1), ['healthy']);
  });

  test('checks that fail as often as allowed make it unhealthy, which is announced', async () => {
    const program = { checks: [true, false] };
    assert.deepEqual(await healths(program, checkBy('[ ! -e /seen ] && : > /seen'), 2), ['healthy', 'unhealthy']);
  });

  test('failures do not count in the start period', async () => {
    const line = 'echo >> /checks; [ $(/busybox wc -l < /checks) -gt 4 ]';
    const program = { checks: [false, false, false, false, true] };
    assert.deepEqual(await healths(program, checkBy(line, { startPeriodMs: 300_000 }), 1), ['healthy']);
  });

  test('what has ended has no health', async () => {
    const id = await world.start({ runsForMs: 300 }, checkBy('true'));
    assert.equal((await world.ended(id)).health, undefined);
  });
}
