// What a call wants to do, as the authorizer is asked for it.
import type { Reader, Store } from '#kernel/store.ts';
import type { AccessRequest, Context, Operation, Service } from './service.ts';

/** A call whose input was checked. */
export interface Call {
  readonly operationName: string;
  readonly operation: Operation<unknown, unknown>;
  readonly input: unknown;
  readonly context: Context;
  /** Whether it came through TLS. */
  readonly secure: boolean;
}

/** The IAM action and the resources of a call of `service`, and how to find what guards them. */
export function accessRequest({ model, guard }: Service, call: Call, store: Pick<Store, 'read'>): AccessRequest {
  const { operation, operationName, input, context } = call;
  const resources = operation.resource?.(input, context) ?? '*';
  const prefix = model === 'monitoring' ? 'cloudwatch' : model;
  const action = operation.action ?? `${prefix}:${operationName}`;
  const wanted = {
    principal: context.principal,
    action,
    resources: typeof resources === 'string' ? [resources] : resources,
  };
  if (guard === undefined) return wanted;
  const { now, region, sourceAddress } = context;
  return {
    ...wanted,
    circumstances: { now, region, sourceAddress, secure: call.secure },
    guard: (resource) => store.read((reader: Reader) => guard(reader, resource, action)),
  };
}
