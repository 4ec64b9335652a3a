// The front door: a request's way from its socket to its reply, as a list of steps.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '#kernel/clock.ts';
import { AwsError, messageOf } from '#kernel/error.ts';
import { uuid } from '#kernel/id.ts';
import type { Log } from '#kernel/log.ts';
import type { Random } from '#kernel/random.ts';
import type { Store } from '#kernel/store.ts';
import { accessRequest } from './access-request.ts';
import { BodyRoom } from './body-room.ts';
import { decode, encode, type Dialect, type Route } from './codec.ts';
import { createContext } from './context.ts';
import { clientLeft, since, type AccessRecord } from './access-record.ts';
import { encodeError } from './error-response.ts';
import {
  bodyLimit,
  familyOf,
  longestOfStrangers,
  longestUnsignedForm,
  refuseBulk,
  roomForLongBodies,
  tooLarge,
  tooMuchAtOnce,
  unsupportedOperation,
} from './gateway-refusals.ts';
import { unsupportedMember, unsupportedMemberError } from './mask.ts';
import { catalog, type ModelName } from './models.ts';
import type { PageTokens } from './page-token.ts';
import { receiveBody, type RequestHead } from './receive.ts';
import { dialectOf, route } from './route.ts';
import { send } from './send.ts';
import type { Authorizer, Context, Operation, Principal, Service } from './service.ts';
import { refusal, type Family } from './signature-errors.ts';
import { claimedService, parseClaim, type SignedClaim } from './signed-claim.ts';
import { SigningKeys } from './signing-keys.ts';
import { verify } from './sigv4.ts';
import { validate } from './validate.ts';
import type { WireRequest, WireResponse } from './wire.ts';

export interface GatewayParts {
  readonly services: readonly Service[];
  readonly store: Store;
  readonly authorizer: Authorizer;
  readonly pageTokens: PageTokens;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly recordAccess: (record: AccessRecord) => void;
  /** Bytes; a longer body is refused. */
  readonly maxBodyBytes: number;
}

/** What is known of a request so far: every step adds to it. */
interface Exchange {
  readonly requestId: string;
  readonly sourceAddress: string;
  readonly now: Date;
  readonly message: IncomingMessage;
  readonly response: ServerResponse;
  /** The service of the credential scope. */
  readonly signingName: string | undefined;
  dialect: Dialect;
  family: Family;
  request: WireRequest;
  claim?: SignedClaim;
  principal?: Principal;
  route?: Route;
  operation?: Operation<unknown, unknown>;
  context?: Context;
  input?: unknown;
  reply?: WireResponse;
  /** Gives back the room that a long body takes. */
  leave?: () => void;
}

type Step = (exchange: Exchange) => void | Promise<void>;

/** Serves one request, whose head `receiveHead` has read; never rejects. */
export type Gateway = (message: IncomingMessage, response: ServerResponse, head: RequestHead) => Promise<void>;

/** Makes the front door of the given services. */
export function createGateway(parts: GatewayParts): Gateway {
  // Who asks comes before what is asked for: without a signature nothing is loaded, parsed or told.
  const steps: readonly Step[] = [
    readClaim,
    receive(parts),
    verifySignature(parts.authorizer),
    boundBody,
    findRoute,
    findOperation(parts.services),
    makeContext(parts.pageTokens),
    decodeInput,
    checkInput,
    authorize(parts),
    run(parts.store),
  ];
  return async (message, response, head) => {
    const start = performance.now();
    const exchange = begin({ message, response, head }, parts);
    let outcome: Outcome;
    try {
      for (const step of steps) {
        const pending = step(exchange);
        if (pending !== undefined) await pending;
      }
      outcome = { reply: exchange.reply! };
    } catch (thrown) {
      outcome = failure(exchange, thrown, parts.log);
    }
    parts.recordAccess(accessRecord(exchange, deliver(exchange, outcome, parts.log), start));
    exchange.leave?.();
  };
}

interface Outcome {
  readonly reply: WireResponse;
  readonly errorCode?: string;
}

/** What comes to the front door. */
interface Arrival {
  readonly message: IncomingMessage;
  readonly response: ServerResponse;
  readonly head: RequestHead;
}

function begin({ message, response, head }: Arrival, { random, clock }: GatewayParts): Exchange {
  const { method, path, query, headers } = head;
  const request: WireRequest = { method, path, query, headers, body: nothing };
  const signingName = claimedService(request);
  const dialect = dialectOf(request, signingName);
  return {
    requestId: uuid(random),
    sourceAddress: message.socket.remoteAddress ?? '',
    now: clock.now(),
    message,
    response,
    signingName,
    dialect,
    family: familyOf(dialect),
    request,
  };
}

const nothing = Buffer.alloc(0);

const readClaim: Step = (exchange) => {
  exchange.claim = parseClaim(exchange.request, exchange.family);
};

/** Long bodies are taken only of those who have a key; an unsigned form may tell its service in its body. */
function receive({ authorizer, maxBodyBytes }: GatewayParts): Step {
  const room = new BodyRoom(roomForLongBodies);
  return async (exchange) => {
    const { message, response, dialect, claim } = exchange;
    const isKnown = claim !== undefined && authorizer.credential(claim.accessKeyId) !== undefined;
    const limit = Math.min(maxBodyBytes, isKnown ? bodyLimit(dialect) : longestOfStrangers);
    takeRoom(exchange, room, limit);
    const body = await receiveBody(message, { limit, proceed: () => response.writeContinue() });
    if (body === undefined) throw tooLarge(exchange.family);
    exchange.request = { ...exchange.request, body };
    if (claim === undefined) readUnsigned(exchange);
  };
}

/** One whose length is not told may become as long as it may be. */
function takeRoom(exchange: Exchange, room: BodyRoom, limit: number): void {
  const bytes = Number(exchange.message.headers['content-length'] ?? limit);
  if (bytes <= longestOfStrangers || bytes > limit) return;
  const leave = room.take(bytes);
  if (leave === undefined) throw tooMuchAtOnce(exchange.family);
  exchange.leave = leave;
}

/** A form without a signature says in its body what it is, and whether it is signed in a way of old. */
function readUnsigned(exchange: Exchange): void {
  const { request, dialect, signingName } = exchange;
  const isLong = request.body.byteLength > longestUnsignedForm || request.headers['content-encoding'] !== undefined;
  if (dialect.protocol === 'query' && !isLong) {
    exchange.dialect = dialectOf(request, signingName);
    exchange.family = familyOf(exchange.dialect);
  }
  exchange.claim = parseClaim(request, exchange.family);
}

/** Until an operation is served without a signature, every request must carry one. */
function verifySignature(authorizer: Authorizer): Step {
  const keys = new SigningKeys();
  const credential = (accessKeyId: string) => authorizer.credential(accessKeyId);
  return (exchange) => {
    const { claim, family, now, request, dialect } = exchange;
    if (claim === undefined) throw refusal(family, 'unsigned');
    const wanted = dialect.model === undefined ? claim.service : catalog[dialect.model].signingName;
    if (claim.service !== wanted) {
      throw refusal(family, 'scope', `Credential should be scoped to correct service: '${wanted}'.`);
    }
    const verified = verify(request, claim, { family, now, keys, credential });
    exchange.request = { ...request, body: verified.body };
    exchange.principal = verified.credential.principal;
  };
}

const boundBody: Step = ({ dialect, family, request }) => refuseBulk(dialect, family, request);

const findRoute: Step = async (exchange) => {
  exchange.route = await route(exchange.request, exchange.signingName);
};

function findOperation(services: readonly Service[]): Step {
  const byModel = new Map<ModelName, Service>(services.map((service) => [service.model, service]));
  return (exchange) => {
    const { model, operation } = exchange.route!;
    exchange.operation = byModel.get(model)?.operations.get(operation);
    if (exchange.operation === undefined) throw unsupportedOperation(model, operation);
  };
}

function makeContext(pageTokens: PageTokens): Step {
  return (exchange) => {
    const { requestId, sourceAddress, now, claim, principal } = exchange;
    const { model, operation } = exchange.route!;
    exchange.context = createContext(
      { requestId, sourceAddress, now, principal: principal!, region: claim!.region, model, operation },
      pageTokens,
    );
  };
}

const decodeInput: Step = (exchange) => {
  exchange.input = decode(exchange.route!, exchange.request);
};

const checkInput: Step = (exchange) => {
  const { model, operation } = exchange.route!;
  validate(exchange.route!, exchange.input);
  const refused = unsupportedMember(exchange.operation!.accepts, exchange.input);
  if (refused !== undefined) throw unsupportedMemberError(catalog[model].validationError, operation, refused);
};

function authorize({ authorizer, store, services }: GatewayParts): Step {
  const byModel = new Map<ModelName, Service>(services.map((service) => [service.model, service]));
  return ({ message, operation, route: asked, context, input }) => {
    const secure = 'encrypted' in message.socket;
    const call = { operationName: asked!.operation, operation: operation!, input, context: context!, secure };
    authorizer.authorize(accessRequest(byModel.get(asked!.model)!, call, store));
  };
}

/** No reply reveals what is not durable: a reading waits for the writings that it may have seen. */
function run(store: Store): Step {
  return (exchange) =>
    answer(exchange, store).then((reply) => {
      exchange.reply = reply;
    });
}

/** Nothing but the reply's text waits for the disk: all else would be copied by the collector of garbage meanwhile. */
function answer(exchange: Exchange, store: Store): Promise<WireResponse> {
  const { operation, input, context, response, route: asked, requestId } = exchange;
  exchange.input = undefined;
  const replyWith = (output: unknown) => encode(asked!, output ?? {}, requestId);
  if ('run' in operation!) return store.write((tx) => replyWith(operation.run(input, tx, context!)));
  if ('read' in operation!) {
    const reply = replyWith(store.read((reader) => operation.read(input, reader, context!)));
    return store.durable().then(() => reply);
  }
  const left = new AbortController();
  if (response.destroyed) left.abort();
  response.once('close', () => left.abort());
  return operation!.perform(input, context!, left.signal).then(replyWith);
}

function failure(exchange: Exchange, thrown: unknown, log: Log): Outcome {
  const error = asAwsError(thrown, exchange, log);
  return { reply: encodeError(exchange.route ?? exchange.dialect, error, exchange.requestId), errorCode: error.code };
}

/** Sends the reply, and gives the outcome as it then was: a client may be gone, a reply may not be sendable. */
function deliver(exchange: Exchange, outcome: Outcome, log: Log): Outcome {
  const { message, response } = exchange;
  if (response.destroyed || outcome.reply.status === clientLeft) {
    return { reply: { ...outcome.reply, status: clientLeft }, errorCode: 'ClientClosedRequest' };
  }
  try {
    send(message, response, outcome.reply);
    return outcome;
  } catch (thrown) {
    const failed = failure(exchange, thrown, log);
    send(message, response, failed.reply);
    return failed;
  }
}

function asAwsError(thrown: unknown, exchange: Exchange, log: Log): AwsError {
  if (thrown instanceof AwsError && (thrown.status < 500 || thrown.code === 'SlowDown')) return thrown;
  const { requestId, route: asked } = exchange;
  const fields = { requestId, operation: asked?.operation, error: thrown };
  if (exchange.response.destroyed) log.debug('a request ended when its client went away', fields);
  else log.error('request failed', fields);
  if (thrown instanceof AwsError) return thrown;
  const code = exchange.family === 's3' || exchange.family === 'ec2' ? 'InternalError' : 'InternalFailure';
  return new AwsError(code, 'The request processing has failed because of an unknown error, exception or failure.', {
    status: 500,
    cause: messageOf(thrown),
  });
}

function accessRecord(exchange: Exchange, { reply, errorCode }: Outcome, start: number): AccessRecord {
  const { requestId, sourceAddress, now, request, route: asked, claim, principal } = exchange;
  return {
    time: now.toISOString(),
    requestId,
    sourceAddress,
    method: request.method,
    path: request.path,
    service: asked?.model ?? exchange.dialect.model ?? exchange.signingName,
    operation: asked?.operation,
    region: claim?.region,
    principal: principal?.arn,
    status: reply.status,
    errorCode,
    durationMs: since(start),
    userAgent: request.headers['user-agent'],
  };
}
