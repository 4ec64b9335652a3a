// A Berth of a test's own: a real process on a free port, and the real clients pointed at it.
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freePort } from '#kernel/free-port.fixture.ts';
import { until } from '#kernel/until.fixture.ts';
import { Clients } from './clients.fixture.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const berth = join(root, 'bin/berth');

// AWS's names that are set up on a developer's machine are for the developer's own Berth.
process.env['BERTH_AWS_HOSTNAMES'] ??= 'none';

/** A started platform. */
export class Berth extends Clients {
  readonly data: string;
  readonly port: number;
  readonly vpcCidr: string;
  #process: ChildProcess | undefined;

  private constructor(port: number, vpcCidr: string) {
    super(`localhost:${port}`);
    this.data = mkdtempSync(join(tmpdir(), 'berth-e2e-'));
    this.port = port;
    this.vpcCidr = vpcCidr;
  }

  static async start(): Promise<Berth> {
    const started = new Berth(await freePort(), await freeVpcCidr());
    await started.up();
    return started;
  }

  /** Starts the process (again) and resolves once it is ready. */
  async up(): Promise<void> {
    const flags = ['--data', this.data, '--port', String(this.port), '--vpc-cidr', this.vpcCidr];
    const child = spawn(berth, ['up', ...flags], { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#process = child;
    const ended = once(child, 'exit');
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
    await until('berth is ready', async () => {
      if (child.exitCode !== null) throw new Error(`berth ended: ${said}`);
      return (await health(this.port)) === 200;
    });
    void ended;
    this.environment = await this.environmentOf();
  }

  /** The clients as the root of another account has them. */
  async clientsOf(account: string): Promise<Clients> {
    return new Clients(this.registry, await this.environmentOf(account));
  }

  /** What `berth env` prints for the root of an account (the home one, when absent), with docker logins of its own. */
  async environmentOf(account?: string): Promise<NodeJS.ProcessEnv> {
    const chosen = account === undefined ? [] : ['--account', account];
    const { stdout } = await run(berth, ['env', '--data', this.data, ...chosen]);
    const variables = stdout.matchAll(/^export (\w+)=(.*)$/gm);
    const unquoted = [...variables].map(([, name, value]) => [name!, value!.replaceAll(/^'|'$/g, '')]);
    return {
      ...process.env,
      ...(Object.fromEntries(unquoted) as Record<string, string>),
      DOCKER_CONFIG: join(this.data, account === undefined ? 'docker' : `docker-${account}`),
      AWS_PAGER: '',
    };
  }

  /** Ends the process by a signal and waits for its end; gives the signal that it died of, if any. */
  async end(signal: NodeJS.Signals): Promise<NodeJS.Signals | null> {
    const child = this.#process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return null;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
    return child.signalCode;
  }

  /** Resident memory of the control plane, bytes. */
  residentBytes(): number {
    const status = readFileSync(`/proc/${this.#process!.pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)![1]) * 1024;
  }

  get pid(): number {
    return this.#process!.pid!;
  }

  /** Containers, networks and volumes that this Berth has on the engine, by id or name. */
  async leftovers(): Promise<string[]> {
    const installation = readFileSync(join(this.data, 'installation'), 'utf8').trim();
    const filter = ['--filter', `label=berth.installation=${installation}`];
    const containers = await this.command('docker', 'ps', '-aq', ...filter);
    const networks = await this.command('docker', 'network', 'ls', '-q', ...filter);
    const volumes = await this.command('docker', 'volume', 'ls', '-q', ...filter);
    return `${containers.stdout}${networks.stdout}${volumes.stdout}`.split('\n').filter(Boolean);
  }

  /** Stops everything and removes what it left on the engine and on disk. */
  async remove(): Promise<void> {
    await this.end('SIGKILL');
    await this.command(berth, 'down', '--data', this.data, '--tasks');
    const references = await this.#images();
    if (references.length > 0) await this.command('docker', 'rmi', '-f', ...references);
    rmSync(this.data, { recursive: true, force: true });
  }

  /** What the engine has of this Berth's registry, by reference: other tests may have the same images by their own. */
  async #images(): Promise<string[]> {
    const format = '{{.Repository}} {{.Tag}} {{.Digest}}';
    const { stdout } = await this.command('docker', 'images', '--digests', '--format', format);
    const rows = stdout.split('\n').map((line) => line.split(' ') as [string, string, string]);
    const own = rows.filter(([repository]) => repository.startsWith(`${this.registry}/`));
    return [...new Set(own.map(([name, tag, digest]) => (tag === '<none>' ? `${name}@${digest}` : `${name}:${tag}`)))];
  }
}

async function health(port: number): Promise<number | undefined> {
  try {
    const reply = await fetch(`http://127.0.0.1:${port}/_berth/health`);
    await reply.arrayBuffer();
    return reply.status;
  } catch {
    return undefined; // It does not listen yet.
  }
}

/** A /16 that no network of the engine has: other tests, and whatever they left, have theirs. */
async function freeVpcCidr(): Promise<string> {
  const { stdout: ids } = await run('docker', ['network', 'ls', '-q']);
  const format = '{{range .IPAM.Config}}{{.Subnet}} {{end}}';
  const { stdout } = await run('docker', ['network', 'inspect', '-f', format, ...ids.split('\n').filter(Boolean)]);
  const second = Array.from({ length: 55 }, (_, index) => 200 + index).find((each) => !stdout.includes(`10.${each}.`));
  return `10.${second}.0.0/16`;
}
