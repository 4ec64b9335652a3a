// Bench: the registry against Debian's docker-registry, by skopeo and by plain requests, in alternating rounds.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { applyLoad, perSecond } from './apply-load.ts';
import { figure, median, ratio, type Bench, type Table } from './bench.ts';
import { withCleanUp, type CleanUp } from './clean-up.ts';
import { forgetPeak, peakOf } from './process-usage.ts';
import { writeOciLayout, type ImageSize } from './oci-layout.ts';
import { isInstalled, startBerth, startDockerRegistry, type Berth } from './servers.ts';

const run = promisify(execFile);
const vpcCidr = '10.206.0.0/16';
const rounds = 5;
const requestRounds = 3;
const requestSeconds = 2;
const mebibyte = 1024 * 1024;

interface Image {
  readonly title: string;
  readonly size: ImageSize;
  readonly rounds: number;
  /** Beside the pull alone. */
  readonly pullsAtOnce: number;
}

const small: Image = { title: '60 layers of 20 kB', size: { layers: 60, layerBytes: 20_000 }, rounds, pullsAtOnce: 8 };
const images: readonly Image[] = [
  { title: '200 MB in 4 layers', size: { layers: 4, layerBytes: 50_000_000 }, rounds, pullsAtOnce: 8 },
  small,
  { title: '1 GB in one layer', size: { layers: 1, layerBytes: 1_000_000_000 }, rounds: 1, pullsAtOnce: 2 },
];

type Say = (line: string) => void;

interface Contestant {
  readonly name: 'Berth' | 'docker-registry';
  readonly port: number;
  readonly pid: number;
  /** What skopeo and plain requests show; docker-registry asks nobody. */
  readonly credentials?: { readonly password: string };
  /** Makes room for a repository, where that has to be asked for. */
  prepare(repository: string): Promise<void>;
}

export const registry: Bench = {
  name: 'registry',
  run: (say) =>
    withCleanUp(async (cleanUp) => {
      const isComparable =
        (await isInstalled('skopeo', 'skopeo', say)) && (await isInstalled('docker-registry', 'docker-registry', say));
      if (!isComparable) return [];
      const contestants = [await berthOf(cleanUp), await referenceOf(cleanUp)];
      const folder = mkdtempSync(join(tmpdir(), 'berth-bench-images-'));
      cleanUp.add(() => rmSync(folder, { recursive: true, force: true }));
      const copies: Table[] = [];
      for (const image of images) copies.push(await copyTable(image, { contestants, folder, say }));
      return [...copies, await requestTable(contestants, say)];
    }),
};

async function berthOf(cleanUp: CleanUp): Promise<Contestant> {
  const berth = await startBerth(vpcCidr, cleanUp);
  const { port, pid } = berth.server;
  return {
    name: 'Berth',
    port,
    pid,
    credentials: { password: await passwordOf(berth) },
    async prepare(repositoryName) {
      await berth.signer.call(port, { service: 'ecr', operation: 'CreateRepository', input: { repositoryName } });
    },
  };
}

async function passwordOf({ server, signer }: Berth): Promise<string> {
  const asked = { service: 'ecr', operation: 'GetAuthorizationToken', input: {} } as const;
  const { authorizationData } = await signer.call<{ authorizationData: { authorizationToken: string }[] }>(
    ...([server.port, asked] as const),
  );
  return Buffer.from(authorizationData[0]!.authorizationToken, 'base64').toString().slice('AWS:'.length);
}

async function referenceOf(cleanUp: CleanUp): Promise<Contestant> {
  const { port, pid } = await startDockerRegistry(cleanUp);
  return { name: 'docker-registry', port, pid, prepare: async () => {} };
}

interface Setting {
  readonly contestants: readonly Contestant[];
  readonly folder: string;
  readonly say: Say;
}

type Feat = 'push' | 'pull' | 'parallel pulls';

/** Each round has an image of its own, the same for all: nobody has a layer of it beforehand. */
async function copyTable(image: Image, setting: Setting): Promise<Table> {
  const { contestants, folder, say } = setting;
  const feats: readonly Feat[] = ['push', 'pull', 'parallel pulls'];
  for (const { pid } of contestants) forgetPeak(pid);
  const times = new Map<string, number[]>();
  const note = (feat: Feat, name: string, ms: number) => {
    const key = `${feat} ${name}`;
    times.set(key, [...(times.get(key) ?? []), ms]);
    say(`${image.title}, ${feat}: ${name} ${figure(ms)} ms`);
  };
  for (let round = 1; round <= image.rounds; round++) {
    const layout = join(folder, `image-${round}`);
    writeOciLayout(layout, image.size);
    const repository = `bench-${image.size.layers}-${round}`;
    // Who comes second finds the image in the page cache, and a busy disk.
    const order = round % 2 === 0 ? contestants : contestants.toReversed();
    for (const contestant of order) {
      await contestant.prepare(repository);
      const remote = `docker://localhost:${contestant.port}/${repository}:v1`;
      note('push', contestant.name, await skopeo(contestant, 'dest', `oci:${layout}:v1`, remote));
      const pull = (to: string) => skopeo(contestant, 'src', remote, `dir:${join(folder, to)}`);
      note('pull', contestant.name, await pull('pulled'));
      const start = performance.now();
      await Promise.all(Array.from({ length: image.pullsAtOnce }, (_, at) => pull(`pulled-${at}`)));
      note('parallel pulls', contestant.name, performance.now() - start);
      for (const to of ['pulled', ...Array.from({ length: image.pullsAtOnce }, (_, at) => `pulled-${at}`)]) {
        rmSync(join(folder, to), { recursive: true, force: true });
      }
    }
    rmSync(layout, { recursive: true, force: true });
  }
  const rows = feats.flatMap((feat) =>
    contestants.map(({ name }) => {
      const own = times.get(`${feat} ${name}`)!;
      const reference = median(times.get(`${feat} docker-registry`)!);
      const title = feat === 'parallel pulls' ? `${image.pullsAtOnce} pulls at once` : feat;
      const each = own.map((ms) => figure(ms)).join(' / ');
      return [title, name, figure(median(own)), each, name === 'Berth' ? ratio(median(own) / reference) : ''];
    }),
  );
  const peaks = contestants.map(({ name, pid }) => `${name} ${figure(peakOf(pid) / mebibyte)} MiB`).join(', ');
  const remarks = [`Resident memory at its highest meanwhile: ${peaks}.`];
  return {
    title: image.title,
    head: ['by skopeo', 'registry', 'median ms', 'rounds ms', 'Berth takes'],
    rows,
    remarks,
  };
}

/** Milliseconds. */
async function skopeo(contestant: Contestant, end: 'src' | 'dest', from: string, to: string): Promise<number> {
  const { credentials } = contestant;
  const access = credentials === undefined ? [] : [`--${end}-creds`, `AWS:${credentials.password}`];
  const start = performance.now();
  await run('skopeo', ['copy', '--quiet', `--${end}-tls-verify=false`, ...access, from, to]);
  return performance.now() - start;
}

async function requestTable(contestants: readonly Contestant[], say: Say): Promise<Table> {
  const path = `/v2/bench-${small.size.layers}-1/manifests/v1`;
  const rows: string[][] = [];
  for (const method of ['HEAD', 'GET'] as const) {
    const speeds = new Map<string, number[]>(contestants.map(({ name }) => [name, []]));
    for (let round = 1; round <= requestRounds; round++) {
      for (const contestant of contestants) {
        const load = {
          port: contestant.port,
          connections: 8,
          requests: [requestOf(method, path, contestant)],
          once: false,
          bodiless: method === 'HEAD',
          seconds: requestSeconds,
        };
        const speed = perSecond(await applyLoad(load));
        speeds.get(contestant.name)!.push(speed);
        say(`${method} of a manifest: ${contestant.name} ${figure(speed)}/s`);
      }
    }
    const reference = median(speeds.get('docker-registry')!);
    for (const { name } of contestants) {
      const own = speeds.get(name)!;
      const each = own.map((speed) => figure(speed)).join(' / ');
      rows.push([method, name, figure(median(own)), each, name === 'Berth' ? ratio(median(own) / reference) : '']);
    }
  }
  const remarks = [
    'Berth checks a token with each request, and writes an access log; docker-registry lets everybody in.',
  ];
  return {
    title: 'Manifests by tag, 8 connections',
    head: ['request', 'registry', '/s', 'rounds', 'Berth is'],
    rows,
    remarks,
  };
}

function requestOf(method: string, path: string, { port, credentials }: Contestant): Buffer {
  const basic = credentials && Buffer.from(`AWS:${credentials.password}`).toString('base64');
  const headers = [
    `Host: localhost:${port}`,
    'Accept: application/vnd.oci.image.manifest.v1+json',
    ...(basic === undefined ? [] : [`Authorization: Basic ${basic}`]),
  ];
  return Buffer.from(`${method} ${path} HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n`);
}
