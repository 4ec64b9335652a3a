// The AWS services whose models the front door speaks: a row each, loaded only when it is first asked for.
import type * as ApplicationAutoScaling from '@aws-sdk/client-application-auto-scaling';
import type * as CloudFormation from '@aws-sdk/client-cloudformation';
import type * as CloudWatch from '@aws-sdk/client-cloudwatch';
import type * as CloudWatchLogs from '@aws-sdk/client-cloudwatch-logs';
import type * as Ec2 from '@aws-sdk/client-ec2';
import type * as Ecr from '@aws-sdk/client-ecr';
import type * as Ecs from '@aws-sdk/client-ecs';
import type * as ElasticLoadBalancingV2 from '@aws-sdk/client-elastic-load-balancing-v2';
import type * as EventBridge from '@aws-sdk/client-eventbridge';
import type * as Iam from '@aws-sdk/client-iam';
import type * as S3 from '@aws-sdk/client-s3';
import type * as SecretsManager from '@aws-sdk/client-secrets-manager';
import type * as ServiceDiscovery from '@aws-sdk/client-servicediscovery';
import type * as Ssm from '@aws-sdk/client-ssm';
import type * as Sts from '@aws-sdk/client-sts';

/** The SDK package behind each model. */
export interface Models {
  ecs: typeof Ecs;
  ecr: typeof Ecr;
  logs: typeof CloudWatchLogs;
  elasticloadbalancing: typeof ElasticLoadBalancingV2;
  iam: typeof Iam;
  sts: typeof Sts;
  monitoring: typeof CloudWatch;
  'application-autoscaling': typeof ApplicationAutoScaling;
  ec2: typeof Ec2;
  secretsmanager: typeof SecretsManager;
  ssm: typeof Ssm;
  s3: typeof S3;
  events: typeof EventBridge;
  servicediscovery: typeof ServiceDiscovery;
  cloudformation: typeof CloudFormation;
}

/** A model's name: the service's name in SigV4's credential scope, which is also IAM's action prefix (except cloudwatch). */
export type ModelName = keyof Models;

/** A wire protocol. CloudWatch speaks three of them, every other service one. */
export type Protocol = 'json' | 'query' | 'ec2Query' | 'cbor' | 'restXml';

/** How a service words the refusal of a request that lacks a required member. */
export type RequiredStyle = 'coral' | 'ecs' | 'parameter' | 'ec2' | 's3';

/** What the front door knows of a service beside the SDK's schemas. */
export interface ModelRow {
  /** The service's name in SigV4's credential scope. */
  readonly signingName: string;
  /** Names of other scopes that the same requests may be signed for. */
  readonly alsoSignedAs?: readonly string[];
  /** The protocols that the service is served under; the first is the one that its errors are written in when nothing tells. */
  readonly protocols: readonly Protocol[];
  /** Prefix of `X-Amz-Target` and the service's name in rpc-v2-cbor's path; absent where neither is spoken. */
  readonly target?: string;
  readonly jsonVersion?: '1.0' | '1.1';
  /** The API version: `Version=` of the query protocols. */
  readonly version: string;
  readonly xmlNamespace?: string;
  /** Prefixes that clients put before the endpoint's host name. */
  readonly hostPrefixes?: readonly string[];
  readonly requiredStyle: RequiredStyle;
  /** The code of an input that breaks the model's constraints. */
  readonly validationError: string;
  /** What a pagination token that was not given out is answered with. */
  readonly invalidToken: { readonly code: string; readonly message: string };
  /** Imports the SDK package, which is also its run-time schema. */
  load(): Promise<Readonly<Record<string, unknown>>>;
}

/** Every model, by its name. */
export const catalog: { readonly [M in ModelName]: ModelRow } = {
  ecs: {
    signingName: 'ecs',
    protocols: ['json'],
    target: 'AmazonEC2ContainerServiceV20141113',
    jsonVersion: '1.1',
    version: '2014-11-13',
    requiredStyle: 'ecs',
    validationError: 'InvalidParameterException',
    invalidToken: { code: 'InvalidParameterException', message: 'Invalid token.' },
    load: () => import('@aws-sdk/client-ecs'),
  },
  ecr: {
    signingName: 'ecr',
    protocols: ['json'],
    target: 'AmazonEC2ContainerRegistry_V20150921',
    jsonVersion: '1.1',
    version: '2015-09-21',
    requiredStyle: 'coral',
    validationError: 'InvalidParameterException',
    invalidToken: {
      code: 'InvalidParameterException',
      message: "Invalid parameter at 'nextToken' failed to satisfy constraint: 'Invalid next token'",
    },
    load: () => import('@aws-sdk/client-ecr'),
  },
  logs: {
    signingName: 'logs',
    protocols: ['json'],
    target: 'Logs_20140328',
    jsonVersion: '1.1',
    version: '2014-03-28',
    hostPrefixes: ['stream-'],
    requiredStyle: 'coral',
    validationError: 'InvalidParameterException',
    invalidToken: { code: 'InvalidParameterException', message: 'The specified nextToken is invalid.' },
    load: () => import('@aws-sdk/client-cloudwatch-logs'),
  },
  elasticloadbalancing: {
    signingName: 'elasticloadbalancing',
    protocols: ['query'],
    version: '2015-12-01',
    xmlNamespace: 'http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/',
    requiredStyle: 'coral',
    validationError: 'ValidationError',
    invalidToken: { code: 'ValidationError', message: 'The marker is not valid' },
    load: () => import('@aws-sdk/client-elastic-load-balancing-v2'),
  },
  iam: {
    signingName: 'iam',
    protocols: ['query'],
    version: '2010-05-08',
    xmlNamespace: 'https://iam.amazonaws.com/doc/2010-05-08/',
    requiredStyle: 'coral',
    validationError: 'ValidationError',
    invalidToken: { code: 'ValidationError', message: 'Invalid Marker.' },
    load: () => import('@aws-sdk/client-iam'),
  },
  sts: {
    signingName: 'sts',
    protocols: ['query'],
    version: '2011-06-15',
    xmlNamespace: 'https://sts.amazonaws.com/doc/2011-06-15/',
    requiredStyle: 'coral',
    validationError: 'ValidationError',
    invalidToken: { code: 'ValidationError', message: 'Invalid token.' },
    load: () => import('@aws-sdk/client-sts'),
  },
  monitoring: {
    signingName: 'monitoring',
    protocols: ['json', 'cbor', 'query'],
    target: 'GraniteServiceVersion20100801',
    jsonVersion: '1.0',
    version: '2010-08-01',
    xmlNamespace: 'http://monitoring.amazonaws.com/doc/2010-08-01/',
    requiredStyle: 'parameter',
    validationError: 'InvalidParameterValue',
    invalidToken: { code: 'InvalidNextToken', message: 'Invalid nextToken.' },
    load: () => import('@aws-sdk/client-cloudwatch'),
  },
  'application-autoscaling': {
    signingName: 'application-autoscaling',
    protocols: ['json'],
    target: 'AnyScaleFrontendService',
    jsonVersion: '1.1',
    version: '2016-02-06',
    requiredStyle: 'coral',
    validationError: 'ValidationException',
    invalidToken: { code: 'InvalidNextTokenException', message: 'The next token is not valid.' },
    load: () => import('@aws-sdk/client-application-auto-scaling'),
  },
  ec2: {
    signingName: 'ec2',
    protocols: ['ec2Query'],
    version: '2016-11-15',
    xmlNamespace: 'http://ec2.amazonaws.com/doc/2016-11-15/',
    requiredStyle: 'ec2',
    validationError: 'InvalidParameterValue',
    invalidToken: {
      code: 'InvalidPaginationToken',
      message: 'The specified pagination token is not valid or is expired.',
    },
    load: () => import('@aws-sdk/client-ec2'),
  },
  secretsmanager: {
    signingName: 'secretsmanager',
    protocols: ['json'],
    target: 'secretsmanager',
    jsonVersion: '1.1',
    version: '2017-10-17',
    requiredStyle: 'coral',
    validationError: 'ValidationException',
    invalidToken: { code: 'InvalidNextTokenException', message: 'The NextToken value is invalid.' },
    load: () => import('@aws-sdk/client-secrets-manager'),
  },
  ssm: {
    signingName: 'ssm',
    protocols: ['json'],
    target: 'AmazonSSM',
    jsonVersion: '1.1',
    version: '2014-11-06',
    requiredStyle: 'coral',
    validationError: 'ValidationException',
    invalidToken: { code: 'InvalidNextToken', message: 'The specified token is not valid.' },
    load: () => import('@aws-sdk/client-ssm'),
  },
  s3: {
    signingName: 's3',
    alsoSignedAs: ['s3express', 's3-outposts', 's3-object-lambda'],
    protocols: ['restXml'],
    version: '2006-03-01',
    xmlNamespace: 'http://s3.amazonaws.com/doc/2006-03-01/',
    requiredStyle: 's3',
    validationError: 'InvalidArgument',
    invalidToken: { code: 'InvalidArgument', message: 'The continuation token provided is incorrect' },
    load: () => import('@aws-sdk/client-s3'),
  },
  events: {
    signingName: 'events',
    protocols: ['json'],
    target: 'AWSEvents',
    jsonVersion: '1.1',
    version: '2015-10-07',
    requiredStyle: 'coral',
    validationError: 'ValidationException',
    invalidToken: { code: 'ValidationException', message: 'Token is invalid.' },
    load: () => import('@aws-sdk/client-eventbridge'),
  },
  servicediscovery: {
    signingName: 'servicediscovery',
    protocols: ['json'],
    target: 'Route53AutoNaming_v20170314',
    jsonVersion: '1.1',
    version: '2017-03-14',
    hostPrefixes: ['data-'],
    requiredStyle: 'coral',
    validationError: 'InvalidInput',
    invalidToken: { code: 'InvalidInput', message: 'The NextToken is not valid.' },
    load: () => import('@aws-sdk/client-servicediscovery'),
  },
  cloudformation: {
    signingName: 'cloudformation',
    protocols: ['query'],
    version: '2010-05-15',
    xmlNamespace: 'http://cloudformation.amazonaws.com/doc/2010-05-15/',
    requiredStyle: 'coral',
    validationError: 'ValidationError',
    invalidToken: { code: 'ValidationError', message: 'Invalid NextToken.' },
    load: () => import('@aws-sdk/client-cloudformation'),
  },
};

const byColumn = (column: (row: ModelRow) => readonly (string | undefined)[]): ReadonlyMap<string, ModelName> => {
  const found = new Map<string, ModelName>();
  for (const name of Object.keys(catalog) as ModelName[]) {
    for (const key of column(catalog[name])) if (key !== undefined) found.set(key, name);
  }
  return found;
};

const bySigningName = byColumn((row) => [row.signingName, ...(row.alsoSignedAs ?? [])]);
const byTarget = byColumn((row) => [row.target]);
const byQueryVersion = byColumn((row) => [row.protocols.some((p) => p.endsWith('uery')) ? row.version : undefined]);

/** The model of a name in a credential scope. */
export function modelSignedAs(signingName: string | undefined): ModelName | undefined {
  return signingName === undefined ? undefined : bySigningName.get(signingName);
}

/** The model of a target prefix: `AmazonEC2ContainerServiceV20141113`. */
export function modelTargeted(prefix: string): ModelName | undefined {
  return byTarget.get(prefix);
}

/** The model of a `Version=` parameter; no two query services have the same. */
export function modelVersioned(version: string): ModelName | undefined {
  return byQueryVersion.get(version);
}
