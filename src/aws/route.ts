// Which protocol, model and operation a request means.
import { AwsError } from '#kernel/error.ts';
import { loadModel, requestPairs, type Dialect, type Model, type Route } from './codec.ts';
import { catalog, modelSignedAs, modelTargeted, modelVersioned, type ModelName, type Protocol } from './models.ts';
import { routeS3 } from './route-s3.ts';
import type { OperationModel } from './shape.ts';
import type { WireRequest } from './wire.ts';

const cborPath = /^\/service\/([^/]+)\/operation\/([^/]+)$/;

/**
 * How a request speaks, told from its headers and the service of its credential scope alone; never throws.
 * Enough for `encodeError` where the request cannot be routed.
 */
export function dialectOf(request: WireRequest, signingName: string | undefined): Dialect {
  const { headers, method } = request;
  const signed = modelSignedAs(signingName);
  const target = headers['x-amz-target'];
  const type = headers['content-type'] ?? '';
  const made = (protocol: Protocol, model: ModelName | undefined, jsonVersion?: '1.0' | '1.1'): Dialect => ({
    protocol,
    model,
    jsonVersion,
    head: method === 'HEAD',
  });
  // S3 first: an object may have any content type, and any header may be signed along.
  if (signed === 's3') return made('restXml', 's3');
  if (headers['smithy-protocol'] === 'rpc-v2-cbor') {
    return made('cbor', modelTargeted(cborPath.exec(request.path)?.[1] ?? '') ?? signed);
  }
  const version = /x-amz-json-(1\.[01])/.exec(type)?.[1] as '1.0' | '1.1' | undefined;
  if (target !== undefined || version !== undefined) {
    const model = target === undefined ? signed : (modelTargeted(target.slice(0, target.lastIndexOf('.'))) ?? signed);
    return made('json', model, version ?? (model === undefined ? '1.1' : catalog[model].jsonVersion) ?? '1.1');
  }
  const isQuery = type.startsWith('application/x-www-form-urlencoded') || /(?:^|&)Action=/.test(request.query);
  if (signed === undefined) {
    if (isQuery) return queryDialect(request, made);
    return signingName === undefined ? made('restXml', 's3') : made('json', undefined);
  }
  const { protocols, jsonVersion } = catalog[signed];
  const spoken = (isQuery ? protocols.find((protocol) => protocol.endsWith('uery')) : undefined) ?? protocols[0]!;
  return made(spoken, signed, jsonVersion);
}

/** An unsigned query request (STS has some) tells its service by the API version alone. */
function queryDialect(
  request: WireRequest,
  made: (protocol: Protocol, model: ModelName | undefined) => Dialect,
): Dialect {
  const version = tolerantPairs(request).get('Version');
  const model = version === undefined ? undefined : modelVersioned(version);
  return made(model === 'ec2' ? 'ec2Query' : 'query', model);
}

function tolerantPairs(request: WireRequest): ReadonlyMap<string, string> {
  try {
    return new Map(requestPairs(request));
  } catch (error) {
    if (error instanceof AwsError) return new Map();
    throw error;
  }
}

/**
 * The operation of a request. `signingName` is the service in its credential scope, undefined where it is not signed.
 * Throws the protocol's own error for what is unknown: UnknownOperationException, InvalidAction, MethodNotAllowed, …
 */
export async function route(request: WireRequest, signingName: string | undefined): Promise<Route> {
  const dialect = dialectOf(request, signingName);
  const { model: name } = dialect;
  if (name === undefined) throw unknownOperation(dialect, operationName(dialect, request), signingName);
  const model = await loadModel(name);
  if (dialect.protocol === 'restXml') {
    const { operation, labels } = routeS3(model, request);
    return routed(dialect, name, operation, labels);
  }
  if (!model.row.protocols.includes(dialect.protocol)) {
    throw unknownOperation(dialect, operationName(dialect, request), signingName);
  }
  return routed(dialect, name, namedOperation(dialect, model, request), {});
}

function routed(dialect: Dialect, model: ModelName, operation: OperationModel, labels: Record<string, string>): Route {
  return { ...dialect, model, operation: operation.name, operationModel: operation, labels };
}

function namedOperation(dialect: Dialect, model: Model, request: WireRequest): OperationModel {
  const name = operationName(dialect, request);
  const operation = model.operations.get(name);
  if (operation === undefined) throw unknownOperation(dialect, name, undefined);
  return operation;
}

/** The name that the request gives, which may be of no operation. Throws MissingAction where a query has none. */
function operationName(dialect: Dialect, request: WireRequest): string {
  switch (dialect.protocol) {
    case 'json': {
      const target = request.headers['x-amz-target'] ?? '';
      return target.slice(target.lastIndexOf('.') + 1);
    }
    case 'cbor':
      return cborPath.exec(request.path)?.[2] ?? '';
    case 'restXml':
      return '';
    case 'query':
    case 'ec2Query': {
      const pairs = new Map(requestPairs(request));
      const action = pairs.get('Action');
      if (action === undefined || action === '') {
        throw new AwsError('MissingAction', 'The request is missing an action or a required parameter.');
      }
      const version = pairs.get('Version');
      // Other versions are other APIs: 2012-06-01 of elasticloadbalancing is the classic load balancer's.
      if (dialect.protocol === 'query' && dialect.model !== undefined && version !== catalog[dialect.model].version) {
        throw noSuchVersion(action, version);
      }
      return action;
    }
  }
}

/** A service that no part of this program knows, under the code that clients of its protocol expect of an unknown operation. */
function unknownService({ protocol }: Dialect, name: string, signingName: string): AwsError {
  const wanted = name === '' ? `service ${signingName}` : `service ${signingName} (${name})`;
  const message = `Berth does not support the ${wanted}. docs/coverage.md lists what is supported.`;
  if (protocol === 'query' || protocol === 'ec2Query') return new AwsError('InvalidAction', message);
  return new AwsError('UnknownOperationException', message, protocol === 'cbor' ? { status: 404 } : {});
}

function noSuchVersion(action: string, version: string | undefined): AwsError {
  return version === undefined
    ? new AwsError('MissingParameter', 'The request must contain the parameter Version.')
    : new AwsError('InvalidAction', `Could not find operation ${action} for version ${version}`);
}

function unknownOperation(dialect: Dialect, name: string, signingName: string | undefined): AwsError {
  if (dialect.model === undefined && signingName !== undefined) return unknownService(dialect, name, signingName);
  switch (dialect.protocol) {
    case 'query': {
      const version = dialect.model === undefined ? '' : ` for version ${catalog[dialect.model].version}`;
      return new AwsError('InvalidAction', `Could not find operation ${name}${version}`);
    }
    case 'ec2Query':
      return new AwsError('InvalidAction', `The action ${name} is not valid for this web service.`);
    case 'cbor':
      return new AwsError('UnknownOperationException', `Unknown operation ${name}`, { status: 404 });
    default:
      return new AwsError('UnknownOperationException', `Unknown operation ${name}`);
  }
}
