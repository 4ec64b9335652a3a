// What a service is to the front door: a table of operations over a model, and the context that handlers get.
import type { Scope } from '#kernel/arn.ts';
import type { Reader, Tx } from '#kernel/store.ts';
import type { Models, ModelName } from './models.ts';

/** Who makes a request, once its signature was verified. */
export interface Principal {
  readonly account: string;
  /** `arn:aws:iam::123456789012:root`, … */
  readonly arn: string;
  /** As GetCallerIdentity gives it: the account for root, `AIDA…` for users, `AROA…:session` for roles. */
  readonly userId: string;
  readonly accessKeyId: string;
}

/** A key pair that may sign requests. */
export interface Credential {
  readonly principal: Principal;
  readonly secretAccessKey: string;
  /** Present for temporary credentials: the request must carry the same token. */
  readonly sessionToken?: string;
}

/** What a request wants to do, in IAM's words. */
export interface AccessRequest {
  readonly principal: Principal;
  /** `ecs:RunTask` */
  readonly action: string;
  /** ARNs, or `*`. */
  readonly resources: readonly string[];
  /** What conditions of policies may ask for. */
  readonly circumstances?: Circumstances;
  /** What hangs on a resource; undefined for one that has no policies of its own. */
  guard?(resource: string): ResourceGuard | undefined;
}

/** When and where from a request comes. */
export interface Circumstances {
  readonly now: Date;
  readonly region: string;
  /** The client's IP address. */
  readonly sourceAddress: string;
  /** Whether it came through TLS. */
  readonly secure?: boolean;
}

/** What a resource itself says about who may use it. */
export interface ResourceGuard {
  /** Documents of IAM's policy language, well made. */
  readonly policies: readonly string[];
  /** The resource's tags. */
  readonly tags?: Readonly<Record<string, string>>;
  /** No policy can deny this action to the root of the resource's account: what is closed can be opened again. */
  readonly ownerKeeps?: boolean;
}

/** Knows credentials and decides on access; the iam service implements it. */
export interface Authorizer {
  /** The credential of an access key id, or undefined where there is none that is active. */
  credential(accessKeyId: string): Credential | undefined;
  /** Throws AWS's access-denied error where the request is not allowed. */
  authorize(request: AccessRequest): void;
}

/** A part of a list: where to go on, and how much. */
export interface PageRequest {
  readonly token: string | undefined;
  readonly limit: number;
}

export interface Page<T> {
  readonly items: T[];
  /** Opaque, sealed to operation, account and region; absent on the last page. */
  readonly nextToken?: string;
}

/** What a handler knows about its request. The scope is the caller's account and the region of the credential scope. */
export interface Context extends Scope {
  readonly requestId: string;
  readonly principal: Principal;
  readonly now: Date;
  /** The client's IP address. */
  readonly sourceAddress: string;
  /** An opaque token for a position in a list, sealed to operation, account and region. */
  sealToken(position: string): string;
  /** The position in such a token; throws the service's invalid-token error where it was not given out for this. */
  openToken(token: string): string;
  /**
   * Cuts the requested page out of `items`, which are ordered by `keyOf` (strings, ascending by code unit).
   * Throws the service's invalid-token error where the token was not given out for this very operation and scope.
   */
  page<T>(items: readonly T[], keyOf: (item: T) => string, request: PageRequest): Page<T>;
}

/**
 * Which members of an input are supported: `true` accepts a member whole, a nested mask only the members that it names.
 * Lists and maps are masked through: the mask of a list is the mask of its elements. A request that sets a member
 * outside the mask (to anything but an empty list or object) is refused with an error that names it.
 */
export type Mask<T> =
  | true
  | (T extends readonly (infer E)[]
      ? Mask<NonNullable<E>>
      : T extends Date | Uint8Array
        ? true
        : T extends object
          ? { readonly [K in keyof T]?: Mask<NonNullable<T[K]>> }
          : true);

interface OperationBase<I> {
  /** The supported members of the input. */
  readonly accepts: Mask<I>;
  /** The ARNs that IAM checks; `*` when absent. */
  resource?(input: I, context: Context): string | readonly string[];
  /** The IAM action where it is not `<service>:<Operation>`. */
  readonly action?: string;
}

/** An operation that may change the store: one atomic transaction, no I/O. */
export interface Writing<I, O> {
  run(input: I, tx: Tx, context: Context): O;
}
/** An operation that only reads the store. */
export interface Reading<I, O> {
  read(input: I, reader: Reader, context: Context): O;
}
/** An operation that goes past the store (append-only logs, blobs, streams). What it acknowledges must be durable. */
export interface Performing<I, O> {
  perform(input: I, context: Context, signal: AbortSignal): Promise<O>;
}

export type Operation<I, O> = OperationBase<I> & (Writing<I, O> | Reading<I, O> | Performing<I, O>);

/** The operations that a model's package knows. */
export type OperationName<M extends ModelName> = {
  [K in keyof Models[M]]: K extends `${infer N}Command` ? N : never;
}[keyof Models[M]];

type Handled<M extends ModelName, N extends string> = `${N}Command` extends keyof Models[M]
  ? Models[M][`${N}Command`] extends abstract new (...args: never[]) => infer C
    ? C extends { resolveMiddleware(...args: never[]): (request: { input: infer I }) => Promise<{ output: infer O }> }
      ? { input: I; output: Omit<O, '$metadata'> }
      : never
    : never
  : never;

/** The input of operation `N` of model `M`, as the SDK types it. */
export type In<M extends ModelName, N extends string> = Handled<M, N>['input'];
/** The output of operation `N` of model `M`, as the SDK types it. */
export type Out<M extends ModelName, N extends string> = Handled<M, N>['output'];

/** A table of operations; names, members and enum literals are checked against the SDK's types. */
export type Operations<M extends ModelName> = {
  readonly [N in OperationName<M>]?: Operation<In<M, N & string>, Out<M, N & string>>;
};

/** Tells what hangs on a resource (an ARN) that an action is about. */
export type Guard = (reader: Reader, resource: string, action: string) => ResourceGuard | undefined;

/** A service as the gateway holds it. */
export interface Service {
  readonly model: ModelName;
  readonly operations: ReadonlyMap<string, Operation<unknown, unknown>>;
  /** Of services whose resources have policies. */
  readonly guard?: Guard;
}

/** Makes a service of a model's operations. */
export function defineService<M extends ModelName>(
  model: M,
  operations: NoInfer<Operations<M>>,
  guard?: Guard,
): Service {
  const table = new Map(Object.entries(operations as Record<string, Operation<unknown, unknown>>));
  return guard === undefined ? { model, operations: table } : { model, operations: table, guard };
}
