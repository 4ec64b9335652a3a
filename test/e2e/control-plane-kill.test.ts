// Kills the whole control plane while clients write through its APIs: what was acknowledged is there afterwards, whole.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { CloudWatchLogs } from '@aws-sdk/client-cloudwatch-logs';
import { ECS } from '@aws-sdk/client-ecs';
import { seededRandom } from '#kernel/seeded-random.ts';
import { Berth } from './berth.fixture.ts';

const rounds = Number(process.env['BERTH_KILL_ROUNDS'] ?? 20);
const writers = 8;
const logGroupName = '/kill';

let berth: Berth;

before(async () => {
  berth = await Berth.start();
  await logsClient().createLogGroup({ logGroupName });
});

after(() => berth.remove());

function clientOptions() {
  const { AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION } = berth.environment;
  const credentials = { accessKeyId: AWS_ACCESS_KEY_ID!, secretAccessKey: AWS_SECRET_ACCESS_KEY! };
  return { endpoint: AWS_ENDPOINT_URL!, region: AWS_REGION!, credentials, maxAttempts: 1 };
}

const ecsClient = () => new ECS(clientOptions());
const logsClient = () => new CloudWatchLogs(clientOptions());

/** What the servers said they have kept. */
interface Acknowledged {
  readonly clusters: Set<string>;
  /** Events by stream: so many were acknowledged, in order. */
  readonly events: Map<string, number>;
  /** The newest revision of each family. */
  readonly revisions: Map<string, number>;
}

/** Writes until the server is gone; everything that was answered is noted. */
async function write(writer: string, kept: Acknowledged, onKept: () => void): Promise<void> {
  const ecs = ecsClient();
  const logs = logsClient();
  const family = `family-${writer}`;
  const containerDefinitions = [{ name: 'app', image: 'busybox', memory: 16 }];
  try {
    await logs.createLogStream({ logGroupName, logStreamName: writer });
    kept.events.set(writer, 0);
    for (let index = 0; ; index++) {
      const clusterName = `${writer}-${index}`;
      await ecs.createCluster({ clusterName, tags: [{ key: 'index', value: String(index) }] });
      kept.clusters.add(clusterName);
      onKept();
      const logEvents = [0, 1, 2].map((part) => ({ timestamp: Date.now(), message: String(index * 3 + part) }));
      await logs.putLogEvents({ logGroupName, logStreamName: writer, logEvents });
      kept.events.set(writer, index * 3 + 3);
      onKept();
      const { taskDefinition } = await ecs.registerTaskDefinition({ family, containerDefinitions });
      kept.revisions.set(family, taskDefinition!.revision!);
      onKept();
    }
  } catch (thrown) {
    // Only the server's end may end the writing: an answer in the form of an error is a failure of the test.
    if (thrown instanceof Error && '$metadata' in thrown && 'httpStatusCode' in (thrown.$metadata as object))
      throw thrown;
  }
}

async function check(kept: Acknowledged): Promise<void> {
  const ecs = ecsClient();
  const logs = logsClient();
  const names = [...kept.clusters];
  for (let start = 0; start < names.length; start += 100) {
    const described = await ecs.describeClusters({ clusters: names.slice(start, start + 100), include: ['TAGS'] });
    assert.deepEqual(described.failures, []);
    for (const cluster of described.clusters!) {
      assert.equal(cluster.status, 'ACTIVE');
      assert.deepEqual(cluster.tags, [{ key: 'index', value: cluster.clusterName!.split('-').at(-1) }]);
    }
  }
  for (const [logStreamName, count] of kept.events) {
    const { events } = await logs.getLogEvents({ logGroupName, logStreamName, startFromHead: true });
    const messages = events!.map(({ message }) => message);
    // The last request may have been kept without being acknowledged: then as a whole.
    assert.ok(messages.length === count || messages.length === count + 3, `${messages.length} of ${count} events`);
    assert.deepEqual(
      messages,
      Array.from({ length: messages.length }, (_, index) => String(index)),
    );
  }
  for (const [family, revision] of kept.revisions) {
    const { taskDefinition } = await ecs.describeTaskDefinition({ taskDefinition: `${family}:${revision}` });
    assert.equal(taskDefinition!.containerDefinitions![0]!.name, 'app');
  }
}

test(`after each of ${rounds} kills under load, everything acknowledged is there and nothing is half done`, async () => {
  const random = seededRandom(rounds);
  let acknowledged = 0;
  for (let round = 0; round < rounds; round++) {
    const kept: Acknowledged = { clusters: new Set(), events: new Map(), revisions: new Map() };
    const enough = Promise.withResolvers<void>();
    let left = 1 + random.bytes(1)[0]!;
    const onKept = () => {
      acknowledged++;
      if (--left === 0) enough.resolve();
    };
    const writing = Array.from({ length: writers }, (_, writer) => write(`r${round}w${writer}`, kept, onKept));
    await Promise.race([enough.promise, Promise.all(writing)]);
    await berth.end('SIGKILL');
    await Promise.all(writing);
    await berth.up();
    await check(kept);
  }
  assert.ok(acknowledged > rounds * 50, `only ${acknowledged} writes were acknowledged`);
});
