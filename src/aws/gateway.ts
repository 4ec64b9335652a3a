// The front door: a request's way from its socket to its reply, as a list of steps.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '#kernel/clock.ts';
import { AwsError, messageOf } from '#kernel/error.ts';
import { uuid } from '#kernel/id.ts';
import type { Log } from '#kernel/log.ts';
import type { Random } from '#kernel/random.ts';
import type { Store } from '#kernel/store.ts';
import { decode, encode, type Dialect, type Route } from './codec.ts';
import { createContext } from './context.ts';
import { encodeError } from './error-response.ts';
import { unsupportedMember, unsupportedMemberError } from './mask.ts';
import { catalog, type ModelName } from './models.ts';
import type { PageTokens } from './page-token.ts';
import { receiveBody, receiveHead, type RequestHead } from './receive.ts';
import { dialectOf, route } from './route.ts';
import type { Authorizer, Context, Operation, Service } from './service.ts';
import { refusal, type Family } from './signature-errors.ts';
import { claimedService, parseClaim, type SignedClaim } from './signed-claim.ts';
import { SigningKeys } from './signing-keys.ts';
import { verify } from './sigv4.ts';
import { validate } from './validate.ts';
import type { WireRequest, WireResponse } from './wire.ts';

/** One line of the access log. */
export interface AccessRecord {
  readonly time: string;
  readonly requestId: string;
  readonly sourceAddress: string;
  readonly method: string;
  readonly path: string;
  readonly service?: string;
  readonly operation?: string;
  readonly region?: string;
  readonly principal?: string;
  readonly status: number;
  readonly errorCode?: string;
  readonly durationMs: number;
  readonly userAgent?: string;
}

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
  readonly signal: AbortSignal;
  /** The service of the credential scope. */
  readonly signingName: string | undefined;
  readonly dialect: Dialect;
  readonly family: Family;
  request: WireRequest;
  claim?: SignedClaim;
  route?: Route;
  operation?: Operation<unknown, unknown>;
  context?: Context;
  input?: unknown;
  output?: unknown;
}

type Step = (exchange: Exchange) => void | Promise<void>;

/** Serves one request; never rejects. */
export type Gateway = (message: IncomingMessage, response: ServerResponse) => Promise<void>;

/** Makes the front door of the given services. */
export function createGateway(parts: GatewayParts): Gateway {
  const steps: readonly Step[] = [
    findRoute,
    readClaim,
    verifySignature(parts),
    findOperation(parts.services),
    decodeInput,
    checkInput,
    authorize(parts.authorizer),
    run(parts.store),
  ];
  return async (message, response) => {
    const start = performance.now();
    const head = receiveHead(message);
    const requestId = uuid(parts.random);
    const now = parts.clock.now();
    const closed = new AbortController();
    response.once('close', () => closed.abort());
    let exchange: Exchange | undefined;
    let errorCode: string | undefined;
    let reply: WireResponse;
    try {
      const body = await receiveBody(message, parts.maxBodyBytes);
      exchange = begin(head, body, { requestId, now, message, signal: closed.signal });
      if (body === undefined) throw tooLarge(exchange.family);
      for (const step of steps) await step(exchange);
      reply = encode(exchange.route!, exchange.output ?? {}, requestId);
    } catch (thrown) {
      if (!exchange) return; // The client went away before its request was whole.
      const error = asAwsError(thrown, exchange, parts.log);
      errorCode = error.code;
      reply = encodeError(exchange.route ?? exchange.dialect, error, requestId);
    }
    send(response, reply, message.complete);
    parts.recordAccess(
      accessRecord(exchange, { status: reply.status, errorCode, durationMs: performance.now() - start }),
    );
  };
}

interface Arrival {
  readonly requestId: string;
  readonly now: Date;
  readonly message: IncomingMessage;
  readonly signal: AbortSignal;
}

function begin(head: RequestHead, body: Buffer | undefined, { message, ...arrival }: Arrival): Exchange {
  const request: WireRequest = { ...head, body: body ?? Buffer.alloc(0) };
  const signingName = claimedService(request);
  const dialect = dialectOf(request, signingName);
  return {
    ...arrival,
    sourceAddress: message.socket.remoteAddress ?? '',
    signingName,
    dialect,
    family: familyOf(dialect),
    request,
  };
}

function familyOf({ protocol }: Dialect): Family {
  switch (protocol) {
    case 'json':
    case 'cbor':
      return 'json';
    case 'query':
      return 'query';
    case 'ec2Query':
      return 'ec2';
    case 'restXml':
      return 's3';
  }
}

const findRoute: Step = async (exchange) => {
  exchange.route = await route(exchange.request, exchange.signingName);
};

const readClaim: Step = (exchange) => {
  exchange.claim = parseClaim(exchange.request, exchange.family);
};

/** Until an operation is served without a signature, every request must carry one. */
function verifySignature({ authorizer, pageTokens }: GatewayParts): Step {
  const keys = new SigningKeys();
  const credential = (accessKeyId: string) => authorizer.credential(accessKeyId);
  return (exchange) => {
    const { claim, family, now, request } = exchange;
    const { model, operation } = exchange.route!;
    if (claim === undefined) throw refusal(family, 'unsigned');
    if (claim.service !== catalog[model].signingName) {
      throw refusal(
        family,
        'scope',
        `Credential should be scoped to correct service: '${catalog[model].signingName}'.`,
      );
    }
    const verified = verify(request, claim, { family, now, keys, credential });
    exchange.request = { ...request, body: verified.body };
    const { requestId, sourceAddress } = exchange;
    const { principal } = verified.credential;
    exchange.context = createContext(
      { requestId, sourceAddress, now, principal, region: claim.region, model, operation },
      pageTokens,
    );
  };
}

function findOperation(services: readonly Service[]): Step {
  const byModel = new Map<ModelName, Service>(services.map((service) => [service.model, service]));
  return (exchange) => {
    const { model, operation } = exchange.route!;
    exchange.operation = byModel.get(model)?.operations.get(operation);
    if (exchange.operation === undefined) throw unsupportedOperation(model, operation);
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

function authorize(authorizer: Authorizer): Step {
  return ({ operation, route: asked, context, input }) => {
    const resources = operation!.resource?.(input, context!) ?? '*';
    const prefix = asked!.model === 'monitoring' ? 'cloudwatch' : asked!.model;
    authorizer.authorize({
      principal: context!.principal,
      action: operation!.action ?? `${prefix}:${asked!.operation}`,
      resources: [resources].flat(),
    });
  };
}

/** No reply reveals what is not durable: a reading waits for the writings that it may have seen. */
function run(store: Store): Step {
  return async (exchange) => {
    const { operation, input, context, signal } = exchange;
    if ('run' in operation!) {
      exchange.output = await store.write((tx) => operation.run(input, tx, context!));
    } else if ('read' in operation!) {
      exchange.output = store.read((reader) => operation.read(input, reader, context!));
      await store.durable();
    } else {
      exchange.output = await operation!.perform(input, context!, signal);
    }
  };
}

/** Never 5xx: clients would try again for minutes. */
function unsupportedOperation(model: ModelName, operation: string): AwsError {
  return new AwsError(
    'UnsupportedOperation',
    `Berth does not support the operation ${model}:${operation} yet. docs/coverage.md lists what is supported.`,
  );
}

function tooLarge(family: Family): AwsError {
  return family === 's3'
    ? new AwsError('EntityTooLarge', 'Your proposed upload exceeds the maximum allowed object size.')
    : new AwsError('RequestEntityTooLarge', 'The request body is too large.', { status: 413 });
}

function asAwsError(thrown: unknown, exchange: Exchange, log: Log): AwsError {
  if (thrown instanceof AwsError && thrown.status < 500) return thrown;
  const { requestId, route: asked } = exchange;
  log.error('request failed', { requestId, operation: asked?.operation, error: thrown });
  if (thrown instanceof AwsError) return thrown;
  const code = exchange.family === 's3' || exchange.family === 'ec2' ? 'InternalError' : 'InternalFailure';
  return new AwsError(code, 'The request processing has failed because of an unknown error, exception or failure.', {
    status: 500,
    cause: messageOf(thrown),
  });
}

/** `whole`: the request was read to its end; otherwise the connection cannot be used again. */
function send(response: ServerResponse, reply: WireResponse, whole: boolean): void {
  if (response.destroyed) return;
  const length = { 'content-length': String(Buffer.byteLength(reply.body)) };
  const close = whole ? undefined : { connection: 'close' };
  const noBody = reply.status === 204 || reply.status === 304;
  response.writeHead(reply.status, { ...(noBody ? undefined : length), ...reply.headers, ...close });
  response.end(noBody ? undefined : reply.body);
}

interface Outcome {
  readonly status: number;
  readonly errorCode: string | undefined;
  readonly durationMs: number;
}

function accessRecord(exchange: Exchange, outcome: Outcome): AccessRecord {
  const { requestId, sourceAddress, now, request, route: asked, context, claim } = exchange;
  return {
    time: now.toISOString(),
    requestId,
    sourceAddress,
    method: request.method,
    path: request.path,
    service: asked?.model ?? exchange.signingName,
    operation: asked?.operation,
    region: claim?.region,
    principal: context?.principal.arn,
    status: outcome.status,
    errorCode: outcome.errorCode,
    durationMs: Math.round(outcome.durationMs * 1000) / 1000,
    userAgent: request.headers['user-agent'],
  };
}
