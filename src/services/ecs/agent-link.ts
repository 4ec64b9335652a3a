// The control plane's end of the talk with a node's agent: payloads and manifests, in order, numbered.
import type { Scope } from '#kernel/arn.ts';
import { uuid } from '#kernel/id.ts';
import type { Random } from '#kernel/random.ts';
import type { Reader, Store, Tx } from '#kernel/store.ts';
import type { AgentSession, DesiredStatus, PayloadTask } from '#node/messages.ts';
import type { NetworkInterfaces } from '#services/ec2/ports.ts';
import type { Images } from '#services/ecr/ports.ts';
import { clusterArn, containerInstanceArn, taskArn } from './arns.ts';
import { runPayload, stopPayload } from './container-spec.ts';
import {
  agentKind,
  nothingObserved,
  taskDefinitionKey,
  taskDefinitionKind,
  taskKey,
  taskKind,
  type AgentStatus,
  type TaskSpec,
  type TaskStatus,
} from './kinds.ts';
import { desiredStatusOf, isOnNode } from './lifecycle.ts';

/** The one node there is: the machine itself, which stands for Fargate's capacity. */
export const localAgent = 'local';

const noTalkYet: AgentStatus = { reservedSequence: 0, manifestsWanted: 0 };
/** Numbers are made durable in blocks, so that most messages cost no write; a restart leaves a gap. */
const sequenceBlock = 1000;

export interface AgentLinkOptions {
  readonly store: Store;
  readonly random: Random;
  readonly images: Pick<Images, 'resolve'>;
  readonly networkInterfaces: Pick<NetworkInterfaces, 'get'>;
  /** The account and region that the machine's container instance is named in. */
  readonly home: Scope;
}

/** Sends one message at a time: what is sent later was also read later, so that the node never goes back. */
export class AgentLink {
  readonly #options: AgentLinkOptions;
  #session: AgentSession | undefined;
  /** What the present session has acknowledged, by task key. */
  #delivered = new Map<string, DesiredStatus>();
  #manifestsSent = -1;
  #lastSequence = 0;
  #reserved = 0;
  #line: Promise<unknown> = Promise.resolve();

  constructor(options: AgentLinkOptions) {
    this.#options = options;
  }

  /** Talks to `session` from now on; it is then told of every task. Resolves once that is certain to happen. */
  async attach(session: AgentSession): Promise<void> {
    this.#session = session;
    this.#delivered = new Map();
    await this.wantManifest();
  }

  /** Has the node told anew which tasks it should have. */
  async wantManifest(): Promise<void> {
    await this.#options.store.write((tx) => {
      const status = agentStatus(tx);
      putAgent(tx, { ...status, manifestsWanted: status.manifestsWanted + 1 });
    });
  }

  /** Tells the node what a task is to be, unless it knows. Nothing happens without a node. Rejects where it did not take it. */
  deliver(key: string): Promise<void> {
    return this.#inLine(async (session) => {
      const delivered = this.#delivered;
      const task = this.#options.store.read((reader) => reader.get(taskKind, key));
      await this.#options.store.durable();
      if (task === undefined || !isOnNode(task.status.lastStatus)) return;
      const desiredStatus = desiredOf(task.spec, task.status);
      if (delivered.get(key) === desiredStatus) return;
      const seqNum = await this.#nextSequence();
      const payload = desiredStatus === 'RUNNING' ? this.#runPayload(task.spec, task.status) : stopPayload(task.spec);
      await session.payload({ ...this.#envelope(), seqNum, tasks: [payload] });
      delivered.set(key, desiredStatus);
    });
  }

  /** Forgets that a task was ever spoken of. */
  forget(key: string): void {
    this.#delivered.delete(key);
  }

  /**
   * Where the node is to be told anew which tasks it should have: first what each of them is to be, then the list.
   * Rejects where it did not take something; then nothing counts as told.
   */
  async sendManifest(): Promise<void> {
    const wanted = this.#options.store.read(agentStatus).manifestsWanted;
    if (this.#session === undefined || this.#manifestsSent >= wanted) return;
    const live = this.#options.store.read((reader) => reader.by(taskKind, 'live', 'live'));
    const failures: unknown[] = [];
    for (const { key } of live) await this.deliver(key).catch((thrown: unknown) => failures.push(thrown));
    await this.#inLine(async (session) => {
      const tasks = this.#options.store.read((reader) => reader.by(taskKind, 'live', 'live'));
      await this.#options.store.durable();
      const timeline = await this.#nextSequence();
      const known = tasks.filter(({ status }) => isOnNode(status.lastStatus));
      await session.manifest({
        ...this.#envelope(),
        timeline,
        tasks: known.map(({ spec, status }) => ({
          taskArn: taskArn(spec, spec.clusterName, spec.id),
          taskClusterArn: clusterArn(spec, spec.clusterName),
          desiredStatus: desiredOf(spec, status),
        })),
      });
    });
    if (failures.length > 0) throw new AggregateError(failures, 'The node did not take all of its tasks.');
    this.#manifestsSent = wanted;
  }

  #inLine(send: (session: AgentSession) => Promise<void>): Promise<void> {
    const turn = this.#line.then(async () => {
      if (this.#session !== undefined) await send(this.#session);
    });
    this.#line = turn.catch(() => undefined); // Whoever asked is told by `turn`; the next in line does not care.
    return turn;
  }

  #runPayload(task: TaskSpec, status: TaskStatus): PayloadTask {
    const { store, networkInterfaces, images } = this.#options;
    return store.read((reader) => {
      const definition = reader.get(taskDefinitionKind, taskDefinitionKey(task, task.family, task.revision));
      const id = status.networkInterface?.networkInterfaceId;
      const networkInterface = id === undefined ? undefined : networkInterfaces.get(reader, task, id);
      if (definition === undefined || networkInterface === undefined) {
        throw new Error(`Task ${taskKey(task, task.clusterName, task.id)} has lost its definition or its interface.`);
      }
      return runPayload({ task, status, definition: definition.spec, networkInterface }, images);
    });
  }

  #envelope() {
    const { home, random } = this.#options;
    return {
      clusterArn: clusterArn(home, 'fargate'),
      containerInstanceArn: containerInstanceArn(home, localAgent),
      messageId: uuid(random),
    };
  }

  async #nextSequence(): Promise<number> {
    if (this.#lastSequence === this.#reserved) {
      await this.#options.store.write((tx) => {
        const status = agentStatus(tx);
        this.#lastSequence = status.reservedSequence;
        this.#reserved = status.reservedSequence + sequenceBlock;
        putAgent(tx, { ...status, reservedSequence: this.#reserved });
      });
    }
    this.#lastSequence += 1;
    return this.#lastSequence;
  }
}

/** Where the talk with the node stands. */
function agentStatus(reader: Reader): AgentStatus {
  return reader.get(agentKind, localAgent)?.status ?? noTalkYet;
}

function putAgent(tx: Tx, status: AgentStatus): void {
  tx.put(agentKind, localAgent, { spec: nothingObserved, status });
}

function desiredOf(spec: TaskSpec, status: TaskStatus): DesiredStatus {
  return desiredStatusOf(status.lastStatus, spec.stop !== undefined);
}
