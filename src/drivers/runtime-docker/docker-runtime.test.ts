// The suite on a real engine, and what only a real engine can show.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { request } from 'node:http';
import { after, test } from 'node:test';
import { systemClock } from '#kernel/clock.ts';
import { messageOf } from '#kernel/error.ts';
import type { FakeOutput, FakeProgram } from '#drivers/fake-image.ts';
import type { ContainerSpec } from '#drivers/runtime.ts';
import { runtimeSuite, testLabel } from '#drivers/runtime.suite.ts';
import { createDockerRuntime } from './docker-runtime.ts';
import { Engine, socketPathOf } from './engine.ts';

const image = 'berth-test/busybox:1';
const busybox = '/bin/busybox';
const runtime = createDockerRuntime({ clock: systemClock, dockerHost: process.env['DOCKER_HOST'] });
const skip = await whyNot();
const made = [image, 'berth-test/echo:1'];
if (!skip) {
  const engine = new Engine(socketPathOf(process.env['DOCKER_HOST']));
  after(async () => {
    for (const name of made) {
      if (await runtime.image(name)) await engine.done({ method: 'DELETE', path: `/images/${name}` });
    }
  });
}
if (skip) console.error(`\n*** NOT TESTED: ${skip} ***\n`);

async function whyNot(): Promise<string | false> {
  if (!existsSync(busybox)) return `${busybox} (Debian's busybox-static) is missing`;
  try {
    await runtime.version();
    return false;
  } catch (thrown) {
    return `no Docker Engine: ${messageOf(thrown)}`;
  }
}

/** A program as a shell script. */
function script(program: FakeProgram): string {
  const { ignoresTerm, termExitCode = 143, memoryBytes, runsForMs, exitCode = 0 } = program;
  let spent = 0;
  const lines = [ignoresTerm ? `trap '' TERM` : `trap 'exit ${termExitCode}' TERM`];
  const wait = (untilMs: number) => {
    if (untilMs > spent) lines.push(`/busybox sleep ${(untilMs - spent) / 1000} & wait $!`);
    spent = Math.max(spent, untilMs);
  };
  for (const { afterMs = 0, stream, text } of merged(program.output ?? [])) {
    wait(afterMs);
    lines.push(`/busybox cat <<'END'${stream === 'stderr' ? ' >&2' : ''}`, text, 'END');
  }
  // Not as process 1: where its end takes the cgroup away at once, containerd may miss why (1 of 100 on a busy machine).
  if (memoryBytes) lines.push('/busybox tail /dev/zero', '/busybox sleep 0.2', 'exit 137');
  if (runsForMs === undefined) lines.push('while :; do /busybox sleep 1000 & wait $!; done');
  else wait(runsForMs);
  return [...lines, `exit ${exitCode}`].join('\n');
}

/** Neighbouring lines of one stream and moment in one piece: a process each would take its time. */
function merged(output: Iterable<FakeOutput>): FakeOutput[] {
  const pieces: FakeOutput[] = [];
  for (const next of output) {
    const last = pieces.at(-1);
    if (last && last.stream === next.stream && last.afterMs === next.afterMs) {
      pieces[pieces.length - 1] = { ...last, text: `${last.text}\n${next.text}` };
    } else pieces.push(next);
  }
  return pieces;
}

async function specOf(what: FakeProgram): Promise<Pick<ContainerSpec, 'image' | 'entryPoint' | 'command'>> {
  if (what.failsToStart !== undefined) return { image, entryPoint: ['/does-not-exist'] };
  return { image, entryPoint: ['/busybox', 'sh', '-c'], command: [script(what)] };
}

runtimeSuite(
  'the Docker runtime',
  async () => {
    await runtime.makeImage(image, { path: busybox, argv: ['sh'] });
    return { runtime, program: specOf };
  },
  skip,
);

test('an image made of a program runs it with its arguments and is made once', { skip }, async (context) => {
  const reference = 'berth-test/echo:1';
  const first = await runtime.makeImage(reference, { path: busybox, argv: ['echo', 'a b', 'c'] });
  assert.deepEqual(await runtime.makeImage(reference, { path: busybox, argv: ['false'] }), first);
  const labels = { [testLabel]: '1' };
  const id = await runtime.create({
    name: `berth-test-echo-${process.pid}`,
    image: reference,
    labels,
    network: { mode: 'none' },
  });
  context.after(() => runtime.remove(id));
  await runtime.start(id);
  const lines = await Array.fromAsync(runtime.logs(id, undefined, new AbortController().signal));
  assert.deepEqual(
    lines.map((line) => line.text),
    ['a b c'],
  );
});

test('a container answers the host at its fixed address, and has its MAC address', { skip }, async (context) => {
  const network = `berth-test-reach-${process.pid}`;
  await runtime.makeImage(image, { path: busybox, argv: ['sh'] });
  await runtime.ensureNetwork({
    name: network,
    subnet: '10.213.99.0/24',
    gateway: '10.213.99.1',
    labels: { [testLabel]: '1' },
  });
  const serve = [
    `trap 'exit 0' TERM`,
    '/busybox mkdir /www',
    '/busybox cat /sys/class/net/eth0/address > /www/index.html',
    '/busybox httpd -p 80 -h /www',
    'echo serving',
    '/busybox sleep 1000 & wait',
  ];
  const id = await runtime.create({
    name: `berth-test-httpd-${process.pid}`,
    image,
    labels: { [testLabel]: '1' },
    network: { mode: 'bridge', network, ipv4Address: '10.213.99.7', macAddress: '02:42:0a:d5:63:07' },
    entryPoint: ['/busybox', 'sh', '-c'],
    command: [serve.join('\n')],
    environment: { A: 'b=c' },
    noNewPrivileges: true,
  });
  context.after(async () => {
    await runtime.remove(id);
    await runtime.removeNetwork(network);
  });
  await runtime.start(id);
  for await (const { text } of runtime.logs(id, undefined, new AbortController().signal)) {
    if (text === 'serving') break;
  }
  assert.equal((await get('http://10.213.99.7/')).trim(), '02:42:0a:d5:63:07');
});

test('mounts, memory file systems and kernel parameters are as asked for', { skip }, async (context) => {
  await runtime.makeImage(image, { path: busybox, argv: ['sh'] });
  const labels = { [testLabel]: '1' };
  const volume = `berth-test-mounts-${process.pid}`;
  await runtime.ensureVolume({ name: volume, labels });
  const ids: string[] = [];
  context.after(async () => {
    for (const id of ids) await runtime.remove(id);
    await runtime.removeVolume(volume);
  });
  const never = new AbortController().signal;
  /** What a container's shell prints. */
  const said = async (name: string, lines: string[], extra: Partial<ContainerSpec>) => {
    const how = { image, labels, entryPoint: ['/busybox', 'sh', '-c'], command: [lines.join('; ')], ...extra };
    const id = await runtime.create({ network: { mode: 'none' }, ...how, name: `berth-test-${name}-${process.pid}` });
    ids.push(id);
    await runtime.start(id);
    const output = await Array.fromAsync(runtime.logs(id, undefined, never));
    return output.map(({ text }) => text);
  };
  const writer = await said(
    'writer',
    [
      'echo kept > /data/file',
      '/busybox grep " /scratch " /proc/mounts',
      '/busybox cat /proc/sys/net/ipv4/tcp_keepalive_time /proc/sys/kernel/msgmax',
    ],
    {
      mounts: [{ volume, target: '/data', readOnly: false }],
      tmpfs: [{ target: '/scratch', options: 'rw,nosuid,mode=0700,size=8m' }],
      sysctls: { 'net.ipv4.tcp_keepalive_time': '77', 'kernel.msgmax': '9000' },
    },
  );
  assert.match(writer[0]!, /^tmpfs \/scratch tmpfs rw,nosuid.*size=8192k,mode=700/);
  assert.deepEqual(writer.slice(1), ['77', '9000']);
  const attempt = '{ echo more > /data/file; } 2>/dev/null && echo written || echo refused';
  const reader = ['/busybox cat /data/file', attempt];
  const from = { volumesFrom: [{ container: ids[0]!, readOnly: true }] };
  assert.deepEqual(await said('reader', reader, from), ['kept', 'refused']);
  const mounted = { mounts: [{ volume, target: '/data', readOnly: true }] };
  assert.deepEqual(await said('mounted', reader, mounted), ['kept', 'refused']);
});

function get(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request(url, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      answer.on('end', () => resolve(text));
    });
    sent.on('error', reject).end();
  });
}

test('a registry that does not answer fails a pull in the engine’s words', { skip }, async () => {
  const pulled = runtime.pull('127.0.0.1:1/berth-test/absent:v1', undefined, new AbortController().signal);
  await assert.rejects(pulled, { name: 'RuntimeError', reason: 'failed', message: /connection refused/ });
});

test('an engine that is not there is unavailable', async () => {
  const nobody = createDockerRuntime({ clock: systemClock, dockerHost: 'unix:///nonexistent/docker.sock' });
  const unavailable = { name: 'RuntimeError', reason: 'unavailable' };
  await assert.rejects(nobody.version(), unavailable);
  await assert.rejects(nobody.list({}), unavailable);
  await assert.rejects(nobody.create({ name: 'x', image, labels: {}, network: { mode: 'none' } }), unavailable);
  await assert.rejects(Array.fromAsync(nobody.events('x', new AbortController().signal)), unavailable);
});
