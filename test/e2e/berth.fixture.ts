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

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const berth = join(root, 'bin/berth');

export interface Result {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

/** A started platform. */
export class Berth {
  readonly data: string;
  readonly port: number;
  readonly vpcCidr: string;
  readonly registry: string;
  environment: NodeJS.ProcessEnv = {};
  #process: ChildProcess | undefined;

  private constructor(port: number, vpcCidr: string) {
    this.data = mkdtempSync(join(tmpdir(), 'berth-e2e-'));
    this.port = port;
    this.vpcCidr = vpcCidr;
    this.registry = `localhost:${port}`;
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
    const { stdout } = await run(berth, ['env', '--data', this.data]);
    const variables = stdout.matchAll(/^export (\w+)=(.*)$/gm);
    const unquoted = [...variables].map(([, name, value]) => [name!, value!.replaceAll(/^'|'$/g, '')]);
    this.environment = {
      ...process.env,
      ...(Object.fromEntries(unquoted) as Record<string, string>),
      DOCKER_CONFIG: join(this.data, 'docker'),
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

  /** Runs the real aws CLI and gives its JSON. Throws where it fails. */
  async aws<T = Record<string, never>>(...args: string[]): Promise<T> {
    const result = await this.command('aws', ...args);
    if (result.code !== 0) throw new Error(`aws ${args.join(' ')}: ${result.stderr || result.stdout}`);
    return (result.stdout.trim() === '' ? {} : JSON.parse(result.stdout)) as T;
  }

  /** Runs a program with the environment of `berth env`. */
  async command(program: string, ...args: string[]): Promise<Result> {
    try {
      const { stdout, stderr } = await run(program, args, { env: this.environment, maxBuffer: 64 * 1024 * 1024 });
      return { stdout, stderr, code: 0 };
    } catch (thrown) {
      const failed = thrown as { stdout?: string; stderr?: string; code?: number | string };
      if (typeof failed.code !== 'number') throw thrown;
      return { stdout: failed.stdout ?? '', stderr: failed.stderr ?? '', code: failed.code };
    }
  }

  /** Runs a program and feeds it `input`. */
  async feed(input: string, program: string, ...args: string[]): Promise<Result> {
    const child = spawn(program, args, { env: this.environment });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.stdin.end(input);
    const [code] = (await once(child, 'close')) as [number];
    return { stdout, stderr, code };
  }

  /** Logs the docker client in to the registry with the aws CLI's password. */
  async login(): Promise<void> {
    const password = await this.command('aws', 'ecr', 'get-login-password');
    const result = await this.feed(
      password.stdout,
      'docker',
      'login',
      '--username',
      'AWS',
      '--password-stdin',
      this.registry,
    );
    if (result.code !== 0) throw new Error(`docker login: ${result.stderr}`);
  }

  /** Containers and networks that this Berth has on the engine, by id. */
  async leftovers(): Promise<string[]> {
    const installation = readFileSync(join(this.data, 'installation'), 'utf8').trim();
    const filter = ['--filter', `label=berth.installation=${installation}`];
    const containers = await this.command('docker', 'ps', '-aq', ...filter);
    const networks = await this.command('docker', 'network', 'ls', '-q', ...filter);
    return `${containers.stdout}${networks.stdout}`.split('\n').filter(Boolean);
  }

  /** Stops everything and removes what it left on the engine and on disk. */
  async remove(): Promise<void> {
    await this.end('SIGKILL');
    await this.command(berth, 'down', '--data', this.data, '--tasks');
    const images = await this.command('docker', 'images', '-q', `${this.registry}/*`);
    const imageIds = [...new Set(images.stdout.split('\n').filter(Boolean))];
    if (imageIds.length > 0) await this.command('docker', 'rmi', '-f', ...imageIds);
    rmSync(this.data, { recursive: true, force: true });
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
