// The servers that are measured: Berth, moto and the barest server that Node can be.
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { readRootKeys } from '#keys.ts';
import type { CleanUp } from './clean-up.ts';
import { freePort } from '#kernel/free-port.fixture.ts';
import { root, ServerProcess } from './server-process.ts';
import { Signer } from './signed-request.ts';

const run = promisify(execFile);

/** A Berth at work, on a directory that goes when the bench ends. */
export interface Berth {
  readonly server: ServerProcess;
  readonly data: string;
  readonly signer: Signer;
}

/** `vpcCidr` is a /16 that nothing else on the machine uses. */
export async function startBerth(vpcCidr: string, cleanUp: CleanUp): Promise<Berth> {
  const data = mkdtempSync(join(tmpdir(), 'berth-bench-'));
  cleanUp.add(() => rmSync(data, { recursive: true, force: true }));
  const port = await freePort();
  cleanUp.add(() => removeFromEngine(data));
  const server = await startBerthOn(data, port, vpcCidr);
  cleanUp.add(() => server.end());
  return { server, data, signer: new Signer(port, readRootKeys(data)!) };
}

export function startBerthOn(data: string, port: number, vpcCidr: string): Promise<ServerProcess> {
  return ServerProcess.start({
    command: join(root, 'bin/berth'),
    args: ['up', '--data', data, '--port', String(port), '--vpc-cidr', vpcCidr],
    port,
    readyPath: '/_berth/health',
  });
}

/** Containers and networks of this data directory's installation. */
async function removeFromEngine(data: string): Promise<void> {
  const installation = readFileSync(join(data, 'installation'), 'utf8').trim();
  const filter = ['--filter', `label=berth.installation=${installation}`];
  const containers = await list('ps', '-aq', ...filter);
  if (containers.length > 0) await run('docker', ['rm', '-f', '-v', ...containers]);
  const networks = await list('network', 'ls', '-q', ...filter);
  if (networks.length > 0) await run('docker', ['network', 'rm', ...networks]);
}

async function list(...args: string[]): Promise<string[]> {
  const { stdout } = await run('docker', args);
  return stdout.split('\n').filter(Boolean);
}

/** Moto's version, or undefined (and a loud word) where it is not installed. */
export async function motoVersion(say: (line: string) => void): Promise<string | undefined> {
  try {
    const { stdout } = await run('python3', ['-c', 'import moto, moto.server; print(moto.__version__)']);
    return stdout.trim();
  } catch {
    say('SKIPPED: moto is not installed (pip install "moto[server]"), so there is nothing to compare with');
    return undefined;
  }
}

export async function startMoto(cleanUp: CleanUp): Promise<ServerProcess> {
  const port = await freePort();
  const server = await ServerProcess.start({
    command: 'python3',
    args: ['-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)],
    port,
    readyPath: '/moto-api/',
  });
  cleanUp.add(() => server.end());
  return server;
}

/** Answers every request with the same `answerBytes` bytes. */
export async function startBareServer(answerBytes: number, cleanUp: CleanUp): Promise<ServerProcess> {
  const port = await freePort();
  const server = await ServerProcess.start({
    command: process.execPath,
    args: [join(root, 'bench/bare-server.mjs'), String(port), String(answerBytes)],
    port,
    readyPath: '/',
  });
  cleanUp.add(() => server.end());
  return server;
}

/** Whether a Debian package's program is there; a loud word where it is not. */
export async function isInstalled(program: string, debianPackage: string, say: (line: string) => void) {
  try {
    await run(program, ['--version']);
    return true;
  } catch {
    say(`SKIPPED: ${program} is not installed (apt-get install ${debianPackage}), so there is nothing to compare with`);
    return false;
  }
}

/** Debian's docker-registry over a folder, with the cache of descriptors that its own configuration has. */
export async function startDockerRegistry(cleanUp: CleanUp): Promise<ServerProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'berth-bench-registry-'));
  cleanUp.add(() => rmSync(folder, { recursive: true, force: true }));
  const port = await freePort();
  const settings = {
    version: 0.1,
    log: { level: 'error' },
    storage: { filesystem: { rootdirectory: join(folder, 'data') }, cache: { blobdescriptor: 'inmemory' } },
    http: { addr: `127.0.0.1:${port}`, secret: 'of this bench alone' },
  };
  // JSON is YAML.
  writeFileSync(join(folder, 'config.yml'), JSON.stringify(settings));
  const args = ['serve', join(folder, 'config.yml')];
  const server = await ServerProcess.start({ command: 'docker-registry', args, port, readyPath: '/v2/' });
  cleanUp.add(() => server.end());
  return server;
}
