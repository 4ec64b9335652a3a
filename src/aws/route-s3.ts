// Finds S3's operation of a request: by method, depth of the path, and the query and header names that tell them apart.
import { AwsError } from '#kernel/error.ts';
import type { Model } from './codec.ts';
import { parsePairs } from './form.ts';
import type { OperationModel } from './shape.ts';
import type { WireRequest } from './wire.ts';

/** How a request must look to mean an operation. */
interface Candidate {
  readonly operation: OperationModel;
  readonly method: string;
  /** Literal parts of the path, and labels in braces: `['{Bucket}', '{Key+}']`. */
  readonly path: readonly string[];
  /** `?acl`, `?list-type=2`: names and, where fixed, values. */
  readonly literals: readonly (readonly [string, string])[];
  readonly requiredQuery: readonly string[];
  readonly requiredHeaders: readonly string[];
  /** The JS SDK's own hint in the query, where there is one. */
  readonly id: string | undefined;
}

const candidates = new WeakMap<Model, readonly Candidate[]>();

/** The operation and its labels. Throws MethodNotAllowed where no operation looks like the request, InvalidURI for a bad path. */
export function routeS3(
  model: Model,
  request: WireRequest,
): { operation: OperationModel; labels: Record<string, string> } {
  const all = candidates.get(model) ?? [...model.operations.values()].flatMap(candidateOf).toSorted(mostSpecific);
  candidates.set(model, all);
  const parts = pathParts(request.path);
  const query = new Map(parsePairs(request.query));
  const matching = all.filter((candidate) => matches(candidate, request, parts, query));
  const chosen = choose(matching, request, query);
  if (chosen === undefined) {
    throw new AwsError('MethodNotAllowed', 'The specified method is not allowed against this resource.', {
      status: 405,
    });
  }
  const labels: Record<string, string> = {};
  chosen.path.forEach((part, i) => {
    if (part.startsWith('{')) labels[part.replace(/[{}+]/g, '')] = parts[i]!;
  });
  return { operation: chosen.operation, labels };
}

function candidateOf(operation: OperationModel): Candidate[] {
  const { http, input } = operation;
  if (http === undefined) return [];
  const [path = '/', query = ''] = http.uri.split('?', 2);
  const members = input.kind === 'structure' ? input.members : [];
  // The SDK puts the bucket into the host name, so its paths lack it.
  const bucket = members.some((member) => member.name === 'Bucket' && member.traits['httpLabel'] !== undefined);
  const parts = path.split('/').filter((part) => part !== '');
  const literals = parsePairs(query);
  const required = (trait: string): string[] =>
    members
      .filter((member) => member.required && member.traits[trait] !== undefined)
      .map((member) => String(member.traits[trait]));
  return [
    {
      operation,
      method: http.method,
      path: bucket && !parts.includes('{Bucket}') ? ['{Bucket}', ...parts] : parts,
      literals: literals.filter(([name]) => name !== 'x-id'),
      requiredQuery: required('httpQuery'),
      requiredHeaders: required('httpHeader').map((name) => name.toLowerCase()),
      id: literals.find(([name]) => name === 'x-id')?.[1],
    },
  ];
}

const specificity = (candidate: Candidate): number =>
  candidate.path.filter((part) => !part.startsWith('{')).length * 10_000 +
  candidate.literals.length * 100 +
  candidate.requiredQuery.length +
  candidate.requiredHeaders.length;

const mostSpecific = (a: Candidate, b: Candidate): number =>
  specificity(b) - specificity(a) || (a.operation.name < b.operation.name ? -1 : 1);

/** The bucket, and the key with all its slashes; decoded. */
function pathParts(path: string): string[] {
  const match = /^\/([^/]*)(?:\/([\s\S]*))?$/.exec(path);
  if (match === null) throw new AwsError('InvalidURI', "Couldn't parse the specified URI.");
  const [, bucket = '', key = ''] = match;
  try {
    if (bucket === '') return [];
    return key === '' ? [decodeURIComponent(bucket)] : [decodeURIComponent(bucket), decodeURIComponent(key)];
  } catch (cause) {
    throw new AwsError('InvalidURI', "Couldn't parse the specified URI.", { cause });
  }
}

function matches(
  candidate: Candidate,
  request: WireRequest,
  parts: readonly string[],
  query: ReadonlyMap<string, string>,
): boolean {
  return (
    candidate.method === request.method &&
    candidate.path.length === parts.length &&
    candidate.path.every((part, i) => part.startsWith('{') || part === parts[i]) &&
    candidate.literals.every(([name, value]) => (value === '' ? query.has(name) : query.get(name) === value))
  );
}

/** The most specific one whose required names are all there; among equals the one that the SDK's hint names. */
function choose(
  matching: readonly Candidate[],
  request: WireRequest,
  query: ReadonlyMap<string, string>,
): Candidate | undefined {
  const hint = query.get('x-id');
  const hinted = hint === undefined ? undefined : matching.find((candidate) => candidate.id === hint);
  if (hinted !== undefined) return hinted;
  const [top] = matching;
  if (top === undefined) return undefined;
  // A request with `?acl` never means an operation without it, even where a name that it needs is missing.
  const peers = matching.filter((candidate) => candidate.literals.length === top.literals.length);
  const complete = peers.find(
    (candidate) =>
      candidate.requiredQuery.every((name) => query.has(name)) &&
      candidate.requiredHeaders.every((name) => request.headers[name] !== undefined),
  );
  return complete ?? peers.at(-1);
}
