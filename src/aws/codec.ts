// Between HTTP and the SDK's shapes, in every protocol: requests decoded, outputs encoded. The sole user of the SDK's schemas.
import type { AwsError } from '#kernel/error.ts';
import { plainBody } from './body.ts';
import { readCbor, writeCbor } from './cbor.ts';
import { readJson, writeJson } from './json.ts';
import { catalog, type ModelName, type ModelRow, type Protocol } from './models.ts';
import { readQuery, writeEc2, writeQuery } from './query.ts';
import { readRestXml, writeRestXml } from './rest-xml.ts';
import { readSchemas } from './schemas.ts';
import { errorOf, isErrorTuple, isOperationTuple, operationOf, type ErrorModel, type OperationModel } from './shape.ts';
import type { WireRequest, WireResponse } from './wire.ts';
import { parsePairs } from './form.ts';

/** A service's shapes. */
export interface Model {
  readonly name: ModelName;
  readonly row: ModelRow;
  readonly operations: ReadonlyMap<string, OperationModel>;
  /** The errors by their code in JSON, and by their code in the query protocols where that differs. */
  readonly errors: ReadonlyMap<string, ErrorModel>;
}

/** How a request speaks: enough to answer it with an error. */
export interface Dialect {
  readonly protocol: Protocol;
  /** The version of awsJson; undefined for plain `application/json`. */
  readonly jsonVersion: '1.0' | '1.1' | undefined;
  /** Absent where the request names no service that is known. */
  readonly model: ModelName | undefined;
  /** The reply must have no body. */
  readonly head: boolean;
}

/** What a request asks for. */
export interface Route extends Dialect {
  readonly model: ModelName;
  readonly operation: string;
  readonly operationModel: OperationModel;
  /** The parts of the path that restXml's labels stand for, decoded. */
  readonly labels: Readonly<Record<string, string>>;
}

const loading = new Map<ModelName, Promise<Model>>();
const loaded = new Map<ModelName, Model>();

/** A model; its schemas are read when it is first asked for. */
export function loadModel(name: ModelName): Promise<Model> {
  const known = loading.get(name);
  if (known !== undefined) return known;
  const model = readSchemas(name).then((schemas) => {
    const made = makeModel(name, schemas);
    loaded.set(name, made);
    return made;
  });
  loading.set(name, model);
  return model;
}

/** A model that was loaded before. */
function loadedModel(name: ModelName | undefined): Model | undefined {
  return name === undefined ? undefined : loaded.get(name);
}

function makeModel(name: ModelName, schemas: readonly unknown[]): Model {
  const errors = new Map<string, ErrorModel>();
  const known = schemas.filter(isErrorTuple).map(errorOf);
  for (const error of known) errors.set(error.queryCode, error);
  for (const error of known) errors.set(error.name, error);
  const operations = schemas.filter(isOperationTuple).map(operationOf);
  return { name, row: catalog[name], operations: new Map(operations.map((o) => [o.name, o])), errors };
}

/**
 * The input of a request, as the SDK types it: dates, bytes, numbers. Members that the model does not know are passed
 * over as AWS does. Throws the protocol's own error (SerializationException, MalformedInput, MalformedXML, …) where the
 * body is malformed or a value has another type; required members and ranges are for `validate` and the handlers.
 */
export function decode(route: Route, request: WireRequest): Record<string, unknown> {
  const { input } = route.operationModel;
  switch (route.protocol) {
    case 'json':
      return readJson(input, plainBody(request));
    case 'cbor':
      return readCbor(input, plainBody(request));
    case 'query':
      return readQuery(input, requestPairs(request), false);
    case 'ec2Query':
      return readQuery(input, requestPairs(request), true);
    case 'restXml':
      return readRestXml(input, request, route.labels);
  }
}

const parsed = new WeakMap<WireRequest, readonly (readonly [string, string])[]>();

/** The parameters of a query request: those of the URL, then those of the body. */
export function requestPairs(request: WireRequest): readonly (readonly [string, string])[] {
  const known = parsed.get(request);
  if (known !== undefined) return known;
  const body = request.method === 'POST' ? parsePairs(plainBody(request).toString('utf8')) : [];
  const pairs = request.query === '' ? body : [...parsePairs(request.query), ...body];
  parsed.set(request, pairs);
  return pairs;
}

/** The reply to a request that succeeded. Throws TypeError where the output is not of its shape: a fault of ours. */
export function encode(route: Route, output: unknown, requestId: string): WireResponse {
  const { operationModel: operation } = route;
  const namespace = catalog[route.model].xmlNamespace ?? '';
  switch (route.protocol) {
    case 'json':
      return reply(requestId, jsonContentType(route), writeJson(operation.output, output));
    case 'cbor':
      return withHeader(
        reply(requestId, 'application/cbor', writeCbor(operation.output, output)),
        'smithy-protocol',
        'rpc-v2-cbor',
      );
    case 'query':
      return reply(requestId, 'text/xml', writeQuery(operation, output, namespace, requestId));
    case 'ec2Query':
      return reply(requestId, 'text/xml;charset=UTF-8', writeEc2(operation, output, namespace, requestId));
    case 'restXml':
      return writeRestXml(operation, output, namespace, requestId);
  }
}

export function jsonContentType(dialect: Dialect): string {
  return dialect.jsonVersion === undefined ? 'application/json' : `application/x-amz-json-${dialect.jsonVersion}`;
}

function reply(requestId: string, contentType: string, body: string | Buffer): WireResponse {
  return { status: 200, headers: { 'x-amzn-requestid': requestId, 'content-type': contentType }, body };
}

function withHeader(response: WireResponse, name: string, value: string): WireResponse {
  return { ...response, headers: { ...response.headers, [name]: value } };
}

/** An error as the model knows it, by either of its codes. */
export function modelledError(dialect: Dialect, error: AwsError): ErrorModel | undefined {
  return loadedModel(dialect.model)?.errors.get(error.code);
}
