// `berth doctor`: on one page, what is wrong with a machine and how to mend it.
import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync, statfsSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { settings, type Config } from '#config.ts';
import { Engine, socketPathOf } from '#drivers/runtime-docker/engine.ts';
import { findHolder } from '#kernel/data-directory.ts';
import { messageOf } from '#kernel/error.ts';
import { readHome } from '#home.ts';
import { installationIn } from '#keys.ts';
import { label } from '#node/labels.ts';
import { busyboxPause } from '#node/pause.ts';
import { overlaps } from '#services/ec2/addresses.ts';
import { awsHostnames } from './check-aws-hostnames.ts';
import type { Finding } from './finding.ts';

const run = promisify(execFile);

interface Check {
  readonly name: string;
  readonly look: (config: Config) => Promise<Finding> | Finding;
}

const checks: readonly Check[] = [
  { name: 'Node.js', look: nodeVersion },
  { name: 'Docker Engine', look: dockerEngine },
  { name: 'docker client', look: () => program('docker', ['--version'], 'Run script/setup: it installs Docker.') },
  { name: 'aws client', look: awsClient },
  { name: 'busybox', look: busybox },
  { name: 'data directory', look: dataDirectory },
  { name: 'disk', look: disk },
  { name: 'port', look: port },
  { name: 'VPC range', look: vpcRange },
  { name: 'AWS host names', look: awsHostnames },
];

/** Runs every check; `healthy` where none found anything wrong. */
export async function doctor(config: Config): Promise<{ report: string; healthy: boolean }> {
  const findings = await Promise.all(checks.map(async ({ name, look }) => ({ name, finding: await look(config) })));
  const lines = findings.map(({ name, finding }) => {
    const title = name.padEnd(15);
    return 'well' in finding
      ? `  ok     ${title} ${finding.well}`
      : `  WRONG  ${title} ${finding.wrong}\n         ${' '.repeat(15)} -> ${finding.mend}`;
  });
  const wrong = findings.filter(({ finding }) => 'wrong' in finding).length;
  const verdict = wrong === 0 ? 'Everything is well.' : `${wrong} of ${findings.length} checks found something wrong.`;
  return { report: `${lines.join('\n')}\n${verdict}\n`, healthy: wrong === 0 };
}

function nodeVersion(): Finding {
  const major = Number(process.versions.node.split('.')[0]);
  if (major >= 24) return { well: process.versions.node };
  return { wrong: `${process.versions.node} is too old`, mend: 'Run script/setup: it brings Node.js 24.' };
}

async function dockerEngine(): Promise<Finding> {
  try {
    const engine = new Engine(socketPathOf(process.env.DOCKER_HOST));
    const { Version } = await engine.version();
    engine.close();
    return { well: Version };
  } catch (thrown) {
    return {
      wrong: messageOf(thrown),
      mend: 'Run script/setup as root: it installs and starts Docker Engine. Your user must be allowed to use its socket.',
    };
  }
}

async function program(name: string, args: readonly string[], mend: string): Promise<Finding> {
  try {
    const { stdout } = await run(name, args);
    return { well: stdout.split('\n', 1)[0]! };
  } catch (thrown) {
    return { wrong: `${name} cannot be run (${messageOf(thrown).split('\n', 1)[0]})`, mend };
  }
}

const ownAws = '/usr/local/aws-cli/v2/current/bin/aws';

/** Nothing of Berth needs it, but its users do. */
async function awsClient(): Promise<Finding> {
  const found = await program('aws', ['--version'], 'Run script/setup: it installs the aws command.');
  if ('wrong' in found) return found;
  const [, major = 0, minor = 0] = /^aws-cli\/(\d+)\.(\d+)/.exec(found.well)?.map(Number) ?? [];
  const better = existsSync(ownAws)
    ? `put ${dirname(ownAws)} first on PATH`
    : 'run script/setup: it installs a newer one';
  if (major === 2 && minor < 13) {
    return { wrong: `${found.well} does not read AWS_ENDPOINT_URL and would call Amazon`, mend: `Either ${better}.` };
  }
  return major === 1 ? { well: `${found.well} (it has no 'aws logs tail': ${better})` } : found;
}

function busybox(): Finding {
  try {
    accessSync(busyboxPause.path, constants.X_OK);
    return { well: busyboxPause.path };
  } catch {
    return {
      wrong: `${busyboxPause.path} is missing: it holds the network of every task`,
      mend: 'Run script/setup, or: apt-get install busybox-static',
    };
  }
}

function dataDirectory({ data }: Config): Finding {
  const holder = findHolder(data);
  if (holder !== undefined) return { well: `${data}, in use by Berth (process ${holder.pid ?? 'unknown'})` };
  try {
    accessSync(existingParent(data), constants.W_OK);
    return { well: `${data}, not in use` };
  } catch (thrown) {
    return { wrong: messageOf(thrown), mend: 'Choose another one with --data or BERTH_DATA.' };
  }
}

const enough = 2 * 1024 ** 3;

function disk({ data }: Config): Finding {
  const { bavail, bsize } = statfsSync(existingParent(data));
  const free = bavail * bsize;
  const text = `${(free / 1024 ** 3).toFixed(1)} GiB free under ${data}`;
  return free >= enough
    ? { well: text }
    : { wrong: text, mend: 'Images and logs need room: free some, or use --data.' };
}

function existingParent(path: string): string {
  try {
    accessSync(path);
    return path;
  } catch {
    return existingParent(dirname(path));
  }
}

async function port({ data, host, port: wanted }: Config): Promise<Finding> {
  const holder = findHolder(data);
  if (holder?.port === wanted) return { well: `${wanted}, served by Berth` };
  const free = await canListen(host, wanted);
  if (free) return { well: `${wanted} is free` };
  const answered = await answers(host, wanted);
  return {
    wrong: `${host}:${wanted} is taken by another program${answered ? '' : ', or may not be used'}`,
    mend: 'Stop that program, or choose another port with --port or BERTH_PORT.',
  };
}

function canListen(host: string, wanted: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(wanted, host, () => server.close(() => resolve(true)));
  });
}

function answers(host: string, wanted: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(wanted, host);
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}

interface NetworkJson {
  readonly Name: string;
  readonly Labels: Readonly<Record<string, string>> | null;
  readonly IPAM: { readonly Config: readonly { readonly Subnet?: string }[] | null };
}

/** A network that uses the VPC's addresses keeps every task from starting. */
async function vpcRange({ data, vpcCidr }: Config): Promise<Finding> {
  const range = readHome(data)?.vpcCidr ?? vpcCidr ?? settings.vpcCidr.standard;
  const engine = new Engine(socketPathOf(process.env['DOCKER_HOST']));
  try {
    const networks = await engine.json<NetworkJson[]>({ method: 'GET', path: '/networks' });
    const own = installationIn(data);
    const rival = networks.find(({ Labels, IPAM }) => {
      if (own !== undefined && Labels?.[label.installation] === own) return false;
      return IPAM.Config?.some(({ Subnet }) => Subnet?.includes('.') && overlaps(Subnet, range));
    });
    if (rival === undefined) return { well: `${range}, which no other network of the engine uses` };
    return {
      wrong: `the Docker network ${rival.Name} uses addresses of ${range}`,
      mend: `Remove it (docker network rm ${rival.Name}), or choose another range for a new data directory with --vpc-cidr.`,
    };
  } catch (thrown) {
    return { wrong: `the engine's networks cannot be seen: ${messageOf(thrown)}`, mend: 'See Docker Engine above.' };
  } finally {
    engine.close();
  }
}
