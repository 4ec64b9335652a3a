// What a request says of a cluster's settings and configuration, checked. Pure.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ClusterConfiguration.html
import { invalidParameter } from './errors.ts';
import type { ClusterConfigurationShape, ClusterSettingShape, ExecuteCommandConfiguration } from './shapes.ts';

const containerInsightsValues = ['enabled', 'disabled', 'enhanced'] as const;
const loggings: ReadonlySet<string> = new Set(['NONE', 'DEFAULT', 'OVERRIDE']);

export type ContainerInsights = (typeof containerInsightsValues)[number];

/** The value of the setting containerInsights, if it is given. Throws InvalidParameterException. */
export function checkedSettings(settings: readonly ClusterSettingShape[] | undefined): ContainerInsights | undefined {
  let found: ContainerInsights | undefined;
  for (const { name, value } of settings ?? []) {
    if (name !== 'containerInsights') throw invalidParameter("Invalid setting 'name'");
    if (found !== undefined) throw invalidParameter("The setting 'containerInsights' is given more than once.");
    found = parseContainerInsights(value);
    if (found === undefined) throw invalidParameter("Invalid setting 'value'");
  }
  return found;
}

/** A value of containerInsights; undefined where `value` is none. */
export function parseContainerInsights(value: string | undefined): ContainerInsights | undefined {
  return containerInsightsValues.find((each) => each === value);
}

/**
 * What the mask of a request's `configuration` accepts. It is kept for execute-command, which is to honour it; storage is
 * not encrypted with keys that Berth does not have.
 */
export const acceptedConfiguration = {
  executeCommandConfiguration: {
    kmsKeyId: true,
    logging: true,
    logConfiguration: {
      cloudWatchLogGroupName: true,
      cloudWatchEncryptionEnabled: true,
      s3BucketName: true,
      s3EncryptionEnabled: true,
      s3KeyPrefix: true,
    },
  },
} as const;

/** The executeCommandConfiguration of a request, if there is one. Throws InvalidParameterException. */
export function checkedConfiguration(
  configuration: ClusterConfigurationShape | undefined,
): ExecuteCommandConfiguration | undefined {
  const asked = configuration?.executeCommandConfiguration;
  if (asked === undefined) return undefined;
  const { logging = 'DEFAULT', logConfiguration } = asked;
  if (!loggings.has(logging)) throw invalidParameter('logging should be one of [NONE,DEFAULT,OVERRIDE]');
  if (logging !== 'OVERRIDE' && logConfiguration !== undefined) {
    throw invalidParameter("You must set logging to 'OVERRIDE' when you supply a log configuration.");
  }
  if (logging === 'OVERRIDE' && !logConfiguration?.cloudWatchLogGroupName && !logConfiguration?.s3BucketName) {
    throw invalidParameter(
      'A CloudWatch log group name or S3 bucket name must be specified when overriding the default log configuration.',
    );
  }
  return { ...asked, logging };
}
