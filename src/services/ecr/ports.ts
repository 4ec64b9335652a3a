// What neighbours may ask of ecr.
import type { Scope } from '#kernel/arn.ts';
import type { Reader } from '#kernel/store.ts';

/** A repository of ours that an image reference names. */
export interface EcrImage {
  readonly registryId: string;
  readonly region: string;
  readonly repositoryName: string;
  readonly repositoryArn: string;
  /** The reference as an engine on this machine pulls it: `localhost:4566/flask-api:v1`. */
  readonly reference: string;
  /** The same without tag and digest: `localhost:4566/flask-api`. */
  readonly repositoryUri: string;
  /** `localhost:4566` */
  readonly endpoint: string;
}

export interface Images {
  /**
   * Says whether an image reference (`localhost:4566/…`, `<account>.dkr.ecr.<region>.amazonaws.com/…`) names a repository
   * of ours, and which; undefined for other registries. The repository need not exist.
   */
  resolve(reference: string): EcrImage | undefined;
  /**
   * The digest that an image reference of ours stands for now, so that all who are to run it run the same. Undefined for
   * other registries, for an image that is not there or that the account's tasks may not pull, and under a pull-through
   * cache rule: there only a pull can tell.
   */
  digest(reader: Reader, reference: string, account: string): string | undefined;
  /**
   * A user name and password with which an engine may pull for a task, valid for 12 hours. Rejects with
   * AccessDeniedException where the policies of repository and registry do not let the task's account pull.
   */
  pullCredentials(pull: TaskPull): Promise<{ readonly username: string; readonly password: string }>;
}

/** A pull of an image of ours for a task. */
export interface TaskPull {
  /** The registry's. */
  readonly scope: Scope;
  readonly repositoryName: string;
  /** The task's, which need not be the registry's. */
  readonly account: string;
}
