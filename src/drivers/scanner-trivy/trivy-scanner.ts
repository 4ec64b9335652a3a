// Scans images with Trivy, where it is installed: a process of its own that pulls the image from our registry.
// https://trivy.dev/latest/docs/references/configuration/cli/trivy_image/
import { execFile } from 'node:child_process';
import { ScannerError, type ScannedImage, type Scanner, type ScanReport } from '#drivers/scanner.ts';
import { readTrivyReport } from './trivy-report.ts';

/** Milliseconds; a large image takes minutes, the first list of vulnerabilities too. */
const timeoutMs = 15 * 60_000;
/** Bytes of a report. */
const longestReport = 64 * 1024 * 1024;
const longestReason = 500;

/**
 * @param environment Trivy gets of it what finds and configures it (`PATH`, `HOME`, `TRIVY_…`, proxies), and nothing else
 */
export function createTrivyScanner(environment: NodeJS.ProcessEnv): Scanner {
  const own = Object.fromEntries(Object.entries(environment).filter(([name]) => mayKnow.test(name)));
  const run = (args: readonly string[], options: Options = {}) => trivy(args, { ...own, ...options.secrets }, options);
  return {
    async version() {
      const found = await versionOf(run).catch(nothingWhereMissing);
      return found && `Trivy ${found.Version}`;
    },
    async scan(image, signal): Promise<ScanReport> {
      const findings = readTrivyReport(await scanWith(run, image, signal));
      const { VulnerabilityDB } = await versionOf(run);
      return { findings, ...(VulnerabilityDB && { sourceUpdatedAt: new Date(VulnerabilityDB.UpdatedAt) }) };
    },
  };
}

const mayKnow = /^(?:PATH|HOME|TMPDIR|XDG_CACHE_HOME|TRIVY_\w+|(?:https?|no)_proxy|(?:HTTPS?|NO)_PROXY)$/;

interface Options {
  readonly secrets?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

type Run = (args: readonly string[], options?: Options) => Promise<string>;

/** Where the list of vulnerabilities cannot be brought up to date, the one that is here is used. */
async function scanWith(run: Run, { reference, username, password }: ScannedImage, signal: AbortSignal) {
  const args = ['image', '--format', 'json', '--scanners', 'vuln', '--image-src', 'remote', '--quiet', reference];
  // Not on the command line, which every user of the machine can read.
  const options = { secrets: { TRIVY_USERNAME: username, TRIVY_PASSWORD: password }, signal };
  try {
    return await run(args, options);
  } catch (thrown) {
    const isOutdated = thrown instanceof ScannerError && /vulnerability DB|DB error/i.test(thrown.message);
    if (!isOutdated) throw thrown;
    const here = await versionOf(run);
    if (here.VulnerabilityDB === undefined) throw thrown;
    return run([...args, '--skip-db-update', '--offline-scan'], options);
  }
}

interface Version {
  readonly Version: string;
  readonly VulnerabilityDB?: { readonly UpdatedAt: string };
}

async function versionOf(run: Run): Promise<Version> {
  const text = await run(['version', '--format', 'json']);
  try {
    return JSON.parse(text) as Version;
  } catch {
    throw new ScannerError('failed', 'Trivy does not say its version.');
  }
}

function nothingWhereMissing(thrown: unknown): undefined {
  if (thrown instanceof ScannerError && thrown.reason === 'not-installed') return undefined;
  throw thrown;
}

function trivy(args: readonly string[], env: NodeJS.ProcessEnv, { signal }: Options): Promise<string> {
  // A project's trivy.yaml or .trivyignore in the folder that Berth was started from must not choose what is found.
  const options = { cwd: '/', env, signal, timeout: timeoutMs, maxBuffer: longestReport, encoding: 'utf8' as const };
  return new Promise((resolve, reject) => {
    execFile('trivy', args, options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else if (error.code === 'ENOENT') reject(new ScannerError('not-installed', 'Trivy is not installed.'));
      else reject(new ScannerError('failed', reasonOf(stderr, error)));
    });
  });
}

/** Trivy's own last word: `FATAL	Fatal error	run error: …`. */
function reasonOf(stderr: string, error: Error): string {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  const fatal = lines.findLast((line) => line.includes('FATAL')) ?? lines.at(-1) ?? error.message;
  const words = fatal.replace(/^\S+\t(?:FATAL|ERROR)\t/, '').replaceAll('\t', ' ');
  return `Trivy failed: ${words.slice(0, longestReason)}`;
}
