// Bench: calls of the API, against moto_server and against the barest node:http server, in alternating rounds.
import { figure, median, ratio, type Bench, type Table } from './bench.ts';
import { withCleanUp, type CleanUp } from './clean-up.ts';
import { describeTasks, listClusters, registerTaskDefinition, type Kind } from './api-requests.ts';
import { applyLoad, perSecond } from './apply-load.ts';
import type { Outcome } from './load-client.ts';
import { motoVersion, startBareServer, startBerth, startMoto } from './servers.ts';
import type { Signer } from './signed-request.ts';

const rounds = 3;
const roundSeconds = 2;
const connectionCounts = [1, 16];
const vpcCidr = '10.203.0.0/16';

type Say = (line: string) => void;

/** A server under load. The signer is Berth's for all: its host and keys make the bytes the same. */
interface Contestant {
  readonly name: 'Berth' | 'moto' | 'bare node:http';
  readonly port: number;
}

export const apiCalls: Bench = {
  name: 'api-calls',
  run: (say) =>
    withCleanUp(async (cleanUp) => {
      const moto = await motoVersion(say);
      const berth = await startBerth(vpcCidr, cleanUp);
      const contestants: Contestant[] = [{ name: 'Berth', port: berth.server.port }];
      if (moto !== undefined) contestants.push({ name: 'moto', port: (await startMoto(cleanUp)).port });
      const tables: Table[] = [];
      for (const kind of [listClusters, registerTaskDefinition, describeTasks]) {
        tables.push(await compare(kind, { contestants, signer: berth.signer, cleanUp, say }));
      }
      return tables;
    }),
};

interface Setting {
  readonly contestants: readonly Contestant[];
  readonly signer: Signer;
  readonly cleanUp: CleanUp;
  readonly say: Say;
}

async function compare(kind: Kind, { contestants, signer, cleanUp, say }: Setting): Promise<Table> {
  const prepared = new Map<string, readonly Buffer[]>();
  const answerBytes = new Map<string, number>();
  for (const { name, port } of contestants) {
    await kind.prepare(port, signer);
    prepared.set(name, await kind.requests(port, signer, 'warm-up'));
    const warm = await applyLoad({
      port,
      connections: 4,
      requests: prepared.get(name)!,
      once: kind.once,
      seconds: 1.5,
    });
    answerBytes.set(name, warm.answerBytes);
  }
  // The bare server gets Berth's requests and answers as many bytes as Berth.
  const bare = await startBareServer(Math.max(answerBytes.get('Berth')! - headBytes, 0), cleanUp);
  const all: Contestant[] = [...contestants, { name: 'bare node:http', port: bare.port }];
  const rows: string[][] = [];
  for (const connections of connectionCounts) {
    const outcomes = new Map<string, Outcome[]>(all.map(({ name }) => [name, []]));
    for (let round = 1; round <= rounds; round++) {
      for (const { name, port } of all) {
        const again = kind.once && name !== 'bare node:http';
        const asked = again
          ? await kind.requests(port, signer, `${connections}-${round}`)
          : prepared.get(name === 'bare node:http' ? 'Berth' : name)!;
        const outcome = await applyLoad({ port, connections, requests: asked, once: again, seconds: roundSeconds });
        outcomes.get(name)!.push(outcome);
        say(`${kind.title}, ${connections} connections, round ${round}: ${name} ${figure(perSecond(outcome))}/s`);
      }
    }
    rows.push(...all.map(({ name }) => row(name, connections, outcomes)));
  }
  await bare.end();
  return { title: kind.title, head, rows, remarks: [...kind.remarks, answers(answerBytes)] };
}

/** About what heads are long; the bare server's bodies need no more precision. */
const headBytes = 200;

const head = ['server', 'connections', 'calls/s', 'rounds', 'p50 ms', 'p99 ms', 'client CPU', 'Berth is'];

function row(name: string, connections: number, outcomes: ReadonlyMap<string, readonly Outcome[]>): string[] {
  const own = outcomes.get(name)!;
  const speed = (whose: string) => median(outcomes.get(whose)!.map(perSecond));
  return [
    name,
    String(connections),
    figure(speed(name)),
    own.map((outcome) => figure(perSecond(outcome))).join(' / '),
    figure(median(own.map(({ p50Ms }) => p50Ms))),
    figure(median(own.map(({ p99Ms }) => p99Ms))),
    `${figure(median(own.map(({ clientSeconds, seconds }) => (clientSeconds / seconds) * 100)))} %`,
    name === 'Berth' ? '' : ratio(speed('Berth') / speed(name)),
  ];
}

function answers(bytes: ReadonlyMap<string, number>): string {
  return `Bytes of an answer: ${[...bytes].map(([name, size]) => `${name} ${size}`).join(', ')}.`;
}
