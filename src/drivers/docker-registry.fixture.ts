// For tests: Debian's docker-registry on a free loopback port, over a folder that goes away with it.
import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { freePort } from '#kernel/free-port.fixture.ts';
import { until } from '#kernel/until.fixture.ts';

/** Why these tests cannot run here, or false: given to `test` as its `skip`. */
export const withoutDockerRegistry: string | false = isInstalled()
  ? false
  : 'docker-registry is not installed: apt-get install docker-registry';

export interface DockerRegistry {
  /** `localhost:40123` */
  readonly endpoint: string;
  /** Requests that it has answered so far, as its access log has them. */
  requests(): string[];
  /** Ends it; what it holds stays. */
  stop(): Promise<void>;
  start(): Promise<void>;
  remove(): Promise<void>;
  putBlob(repository: string, content: Buffer): Promise<string>;
  putManifest(repository: string, tag: string, body: Buffer, mediaType: string): Promise<string>;
}

export async function startDockerRegistry(): Promise<DockerRegistry> {
  const directory = await mkdtemp(join(tmpdir(), 'berth-upstream-'));
  const port = await freePort();
  const endpoint = `localhost:${port}`;
  const config = join(directory, 'config.yml');
  const settings = {
    version: 0.1,
    log: { accesslog: { disabled: false }, level: 'error' },
    storage: { filesystem: { rootdirectory: join(directory, 'data') }, cache: { blobdescriptor: 'inmemory' } },
    http: { addr: `127.0.0.1:${port}`, secret: 'of this test alone' },
  };
  // JSON is YAML.
  await writeFile(config, JSON.stringify(settings));
  let process: ChildProcess | undefined;
  let said = '';
  const stop = async () => {
    if (process === undefined || process.exitCode !== null || process.signalCode !== null) return;
    const ended = once(process, 'exit');
    process.kill('SIGKILL');
    await ended;
  };
  const start = async () => {
    const child = spawn('docker-registry', ['serve', config], { stdio: ['ignore', 'pipe', 'pipe'] });
    process = child;
    child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
    await until('docker-registry answers', async () => {
      if (child.exitCode !== null) throw new Error(`docker-registry ended: ${said}`);
      return isUp(endpoint);
    });
  };
  await start();
  return {
    endpoint,
    requests: () => said.split('\n').filter((line) => /"(GET|HEAD) \/v2\/\S+ HTTP/.test(line)),
    stop,
    start,
    async remove() {
      await stop();
      await rm(directory, { recursive: true, force: true });
    },
    putBlob: (repository, content) => putBlob(endpoint, repository, content),
    putManifest: (repository, tag, body, mediaType) =>
      putManifest(endpoint, `${repository}/manifests/${tag}`, body, mediaType),
  };
}

async function isUp(endpoint: string): Promise<boolean> {
  try {
    const reply = await fetch(`http://${endpoint}/v2/`);
    await reply.arrayBuffer();
    return reply.status === 200;
  } catch {
    return false; // It does not listen yet.
  }
}

async function putBlob(endpoint: string, repository: string, content: Buffer): Promise<string> {
  const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`;
  const begun = await fetch(`http://${endpoint}/v2/${repository}/blobs/uploads/`, { method: 'POST' });
  const target = new URL(begun.headers.get('location')!, `http://${endpoint}`);
  target.searchParams.set('digest', digest);
  const headers = { 'content-type': 'application/octet-stream' };
  await requireCreated(await fetch(target, { method: 'PUT', headers, body: new Uint8Array(content) }));
  return digest;
}

async function putManifest(endpoint: string, path: string, body: Buffer, mediaType: string): Promise<string> {
  const headers = { 'content-type': mediaType };
  const reply = await fetch(`http://${endpoint}/v2/${path}`, { method: 'PUT', headers, body: new Uint8Array(body) });
  await requireCreated(reply);
  return reply.headers.get('docker-content-digest')!;
}

async function requireCreated(reply: Response): Promise<void> {
  const text = await reply.text();
  if (reply.status !== 201) throw new Error(`docker-registry: ${reply.status} ${text}`);
}

function isInstalled(): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, 'docker-registry'), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
