// The real clients, with an environment such as `berth env` prints.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface Result {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

export class Clients {
  readonly registry: string;
  environment: NodeJS.ProcessEnv;

  constructor(registry: string, environment: NodeJS.ProcessEnv = {}) {
    this.registry = registry;
    this.environment = environment;
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
}
