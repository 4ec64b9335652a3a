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
