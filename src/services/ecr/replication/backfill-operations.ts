// The API's operations on backfills: what was pushed before its rule was put is replicated, too.
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/replication-backfill.html
import type { Context, In, Operation, OperationName, Operations, Out } from '#aws/service.ts';
import { scopedKey, type Scope } from '#kernel/arn.ts';
import { uuid } from '#kernel/id.ts';
import type { Random } from '#kernel/random.ts';
import type { Reader, Resource } from '#kernel/store.ts';
import { invalidParameter, outOfRange } from '#services/ecr/errors.ts';
import { prefixKey } from '#services/ecr/keys.ts';
import {
  backfillItemKind,
  type BackfillItemSpec,
  type BackfillItemStatus,
  backfillKind,
  type BackfillSpec,
  type BackfillStatus,
} from './kinds.ts';
import { pageLimit } from '#services/ecr/limits.ts';
import { registryIn } from '#services/ecr/registry-record.ts';
import { requireOwnRegistry, scopeOf } from '#services/ecr/registry-scope.ts';
import { isOver } from './backfill.ts';
import {
  backfillEnded,
  backfillInProgress,
  backfillNotFound,
  destinationNotConfigured,
  tooManyBackfills,
} from './errors.ts';
import { describeDestination, destinationsOf, readDestination, sameScope } from './replication-rules.ts';

type Handler<N extends OperationName<'ecr'> & string> = Operation<In<'ecr', N>, Out<'ecr', N>>;
type Backfill = Resource<BackfillSpec, BackfillStatus>;
type Result = NonNullable<Out<'ecr', 'DescribeReplicationBackfillResults'>['results']>[number];

const mostInProgress = 10;
const backfillsOnPage = 25;
const mostBackfillsOnPage = 50;

export function backfillOperations(random: Random): Operations<'ecr'> {
  return {
    StartReplicationBackfill: startBackfill(random),
    StopReplicationBackfill: stopBackfill,
    ListReplicationBackfills: listBackfills,
    DescribeReplicationBackfillResults: describeResults,
  };
}

function startBackfill(random: Random): Handler<'StartReplicationBackfill'> {
  return {
    accepts: true,
    run(input, tx, context) {
      const scope = own(input, context, 'StartReplicationBackfill');
      const destination = readDestination(input.destination, scope);
      const configured = destinationsOf(registryIn(tx, scope).replicationRules);
      if (!configured.some((each) => sameScope(each, destination))) throw destinationNotConfigured(destination);
      const running = tx.list(backfillKind, scopedKey(scope, '')).filter(({ status }) => !isOver(status));
      if (running.some(({ spec }) => spec.destination.region === destination.region)) {
        throw backfillInProgress(destination.region);
      }
      if (running.length >= mostInProgress) throw tooManyBackfills(mostInProgress);
      const id = uuid(random);
      const spec = { ...scope, id, destination, startedAt: context.now.getTime(), stopped: false };
      return identify(tx.put(backfillKind, prefixKey(scope, id), { spec, status: { state: 'PREPARING' } }));
    },
  };
}

const stopBackfill: Handler<'StopReplicationBackfill'> = {
  accepts: true,
  run(input, tx, context) {
    const backfill = backfillAt(tx, input, { context, operation: 'StopReplicationBackfill' });
    const state = stateOf(backfill);
    if (state !== 'PREPARING' && state !== 'IN_PROGRESS') throw backfillEnded(backfill.spec.id, state);
    return identify(tx.setSpec(backfillKind, backfill.key, { ...backfill.spec, stopped: true }));
  },
};

const listBackfills: Handler<'ListReplicationBackfills'> = {
  accepts: true,
  read(input, reader, context) {
    const scope = own(input, context, 'ListReplicationBackfills');
    const limit = pageLimit(input.maxResults ?? backfillsOnPage);
    if (limit > mostBackfillsOnPage)
      throw outOfRange('maxResults', 'value', `less than or equal to ${mostBackfillsOnPage}`);
    const all = reader.list(backfillKind, scopedKey(scope, ''));
    const page = context.page(all, ({ key }) => key, { token: input.nextToken, limit });
    return { registryId: scope.account, backfills: page.items.map(summarize), nextToken: page.nextToken };
  },
};

const describeResults: Handler<'DescribeReplicationBackfillResults'> = {
  accepts: true,
  read(input, reader, context) {
    const backfill = backfillAt(reader, input, { context, operation: 'DescribeReplicationBackfillResults' });
    const wanted = input.resultStatusFilter;
    if (wanted !== undefined && wanted !== 'COMPLETE' && wanted !== 'FAILED') {
      throw invalidParameter('resultStatusFilter', 'Member must satisfy enum value set: [COMPLETE, FAILED]');
    }
    // "Results are available only after the replication backfill reaches a terminal status."
    const items = isOver(backfill.status) ? reader.list(backfillItemKind, `${backfill.key}/`) : [];
    const found = items.filter(({ status }) => status !== null && (wanted === undefined || status.state === wanted));
    const limit = pageLimit(input.maxResults);
    const page = context.page(found, ({ key }) => key, { token: input.nextToken, limit });
    const { startedAt, ...summary } = summarize(backfill);
    return {
      registryId: backfill.spec.account,
      ...summary,
      startedAt,
      results: page.items.map(describeResult),
      nextToken: page.nextToken,
    };
  },
};

function own(input: { readonly registryId?: string | undefined }, context: Context, operation: string): Scope {
  requireOwnRegistry(input.registryId, context, { operation, resource: '*' });
  return scopeOf(context);
}

function backfillAt(
  reader: Reader,
  input: { readonly registryId?: string | undefined; readonly replicationBackfillId?: string | undefined },
  { context, operation }: { readonly context: Context; readonly operation: string },
): Backfill {
  const scope = own(input, context, operation);
  const id = input.replicationBackfillId ?? '';
  const backfill = reader.get(backfillKind, prefixKey(scope, id));
  if (backfill === undefined) throw backfillNotFound(id, scope.account);
  return backfill;
}

function stateOf({ spec, status }: Backfill): BackfillStatus['state'] | 'STOPPING' {
  return spec.stopped && !isOver(status) ? 'STOPPING' : status.state;
}

function identify(backfill: Backfill) {
  const { id, account, destination, startedAt } = backfill.spec;
  return {
    replicationBackfillId: id,
    registryId: account,
    destination: describeDestination(destination),
    status: stateOf(backfill),
    startedAt: new Date(startedAt),
  };
}

function summarize(backfill: Backfill) {
  const { registryId: _registry, ...identity } = identify(backfill);
  const { progress, endedAt } = backfill.status;
  return {
    ...identity,
    ...(progress === undefined
      ? {}
      : {
          progress: {
            totalReplicationCount: progress.total,
            completedReplicationCount: progress.completed,
            failedReplicationCount: progress.failed,
            failureCodes: [...progress.failureCodes],
          },
        }),
    ...(endedAt === undefined ? {} : { endedAt: new Date(endedAt) }),
  };
}

function describeResult({ spec, status }: Resource<BackfillItemSpec, BackfillItemStatus>): Result {
  const { repositoryName, digest, tag } = spec;
  return {
    repositoryName,
    imageId: { imageDigest: digest, ...(tag === undefined ? {} : { imageTag: tag }) },
    status: status!.state,
    ...(status!.state === 'FAILED' ? { failureCode: status!.failureCode } : {}),
  };
}
