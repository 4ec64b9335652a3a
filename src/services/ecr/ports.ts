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
   * other registries, for an image that is not there, and under a pull-through cache rule: there only a pull can tell.
   */
  digest(reader: Reader, reference: string): string | undefined;
  /** A user name and password with which an engine may pull from a scope's registry, valid for 12 hours. */
  pullCredentials(scope: Scope): Promise<{ readonly username: string; readonly password: string }>;
}
