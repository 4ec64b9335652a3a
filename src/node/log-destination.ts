// Where a container's output goes: the awslogs options of its definition, read.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/specify-log-config.html
import { parseArn } from '#kernel/arn.ts';
import { dockerConfigOf } from './container-spec.ts';
import { taskIdOf } from './labels.ts';
import type { LogSinkDestination } from './log-sink.ts';
import type { PayloadContainer, PayloadTask } from './messages.ts';

/** Undefined where the container has no awslogs driver, or no group. Throws SyntaxError where dockerConfig is not JSON. */
export function logDestinationOf(
  task: Pick<PayloadTask, 'arn'>,
  container: PayloadContainer,
): LogSinkDestination | undefined {
  const logConfig = dockerConfigOf(container).hostConfig.LogConfig;
  const arn = parseArn(task.arn);
  if (logConfig?.Type !== 'awslogs' || arn === undefined) return undefined;
  const { Config: options } = logConfig;
  const group = options['awslogs-group'];
  if (group === undefined) return undefined;
  return {
    account: arn.account,
    region: options['awslogs-region'] ?? arn.region,
    logGroupName: group,
    logStreamName:
      options['awslogs-stream'] ?? streamNameOf(options['awslogs-stream-prefix'], task.arn, container.name),
    createGroup: options['awslogs-create-group'] === 'true',
  };
}

/** `prefix/container/task-id`; without a prefix (which only EC2 allows) the id alone would be Docker's container id. */
function streamNameOf(prefix: string | undefined, taskArn: string, containerName: string): string {
  return [...(prefix === undefined ? [] : [prefix]), containerName, taskIdOf(taskArn)].join('/');
}
