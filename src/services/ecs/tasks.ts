// Tasks that exist: DescribeTasks, ListTasks, StopTask.
import type { Reader, Resource } from '#kernel/store.ts';
import type { Context, In, Operations } from '#aws/service.ts';
import { clusterNameOf, parseTaskArn, taskArn, taskIdOf } from './arns.ts';
import { checkedLimit, existingCluster } from './clusters.ts';
import { describeTask } from './describe-task.ts';
import { clientException, invalidParameter, taskNotFound } from './errors.ts';
import { inCluster, taskKey, taskKind, type ClusterSpec, type TaskSpec, type TaskStatus } from './kinds.ts';
import { desiredStatusOf } from './lifecycle.ts';
import type { Failure, TaskShape } from './shapes.ts';
import type { Architecture } from './validate-task-definition.ts';

type Task = Resource<TaskSpec, TaskStatus>;

const mostDescribed = 100;
const mostListed = 100;
const launchTypes = ['EC2', 'FARGATE', 'EXTERNAL'];
const longestReason = 1024;
const userStopped = 'Task stopped by user';

export function taskOperations(architecture: Architecture): Operations<'ecs'> {
  return {
    DescribeTasks: {
      accepts: { cluster: true, tasks: true, include: true },
      resource: ({ cluster, tasks = [] }, context) => tasks.map((task) => arnOf(context, cluster, task)),
      read: (input, reader, context) => describeTasks(input, reader, context, architecture),
    },
    ListTasks: {
      accepts: {
        cluster: true,
        family: true,
        startedBy: true,
        desiredStatus: true,
        launchType: true,
        nextToken: true,
        maxResults: true,
      },
      read: listTasks,
    },
    StopTask: {
      accepts: { cluster: true, task: true, reason: true },
      resource: ({ cluster, task = '' }, context) => arnOf(context, cluster, task),
      run({ cluster: identifier, task: taskIdentifier = '', reason = userStopped }, tx, context) {
        const task = findTask(tx, existingCluster(tx, context, identifier), taskIdentifier);
        if (task === undefined) throw taskNotFound();
        if (reason.length > longestReason)
          throw invalidParameter(`reason must be at most ${longestReason} characters.`);
        const { spec, status } = task;
        if (desiredStatusOf(status.lastStatus, spec.stop !== undefined) === 'STOPPED') {
          return { task: describeTask(task, architecture, true) };
        }
        tx.setSpec(taskKind, task.key, { ...spec, stop: { code: 'UserInitiated', reason, at: context.now.getTime() } });
        const changed = tx.setStatus(taskKind, task.key, { ...status, version: status.version + 1 });
        return { task: describeTask(changed, architecture, true) };
      },
    },
  };
}

/** The task that a request names by id or ARN. Throws where an ARN names a task of another cluster. */
function findTask(reader: Reader, cluster: ClusterSpec, identifier: string): Task | undefined {
  const id = taskIdOf(cluster, cluster.name, identifier);
  return id ? reader.get(taskKind, taskKey(cluster, cluster.name, id)) : undefined;
}

function describeTasks(
  input: In<'ecs', 'DescribeTasks'>,
  reader: Reader,
  context: Context,
  architecture: Architecture,
) {
  const { tasks: identifiers = [], include } = input;
  const cluster = existingCluster(reader, context, input.cluster);
  if (identifiers.length === 0) throw invalidParameter('Tasks cannot be empty.');
  if (identifiers.length > mostDescribed) throw invalidParameter(`tasks can have at most ${mostDescribed} items.`);
  const withTags = include?.includes('TAGS') ?? false;
  const tasks: TaskShape[] = [];
  const failures: Failure[] = [];
  for (const identifier of new Set(identifiers)) {
    const task = findTask(reader, cluster, identifier);
    if (task === undefined) failures.push({ arn: arnOf(context, cluster.name, identifier), reason: 'MISSING' });
    else tasks.push(describeTask(task, architecture, withTags));
  }
  return { tasks, failures };
}

function listTasks(input: In<'ecs', 'ListTasks'>, reader: Reader, context: Context) {
  const { family, startedBy, desiredStatus = 'RUNNING', launchType, nextToken, maxResults } = input;
  const cluster = existingCluster(reader, context, input.cluster);
  if (desiredStatus !== 'RUNNING' && desiredStatus !== 'STOPPED' && desiredStatus !== 'PENDING') {
    throw invalidParameter('desiredStatus should be one of [RUNNING,PENDING,STOPPED]');
  }
  if (launchType !== undefined && !launchTypes.includes(launchType)) {
    throw invalidParameter(`launch type should be one of [${launchTypes.join(',')}]`);
  }
  if (startedBy !== undefined && family !== undefined) {
    throw clientException('startedBy cannot be combined with any other filters.');
  }
  const filed = (index: string, value: string) => reader.by(taskKind, index, inCluster(cluster, cluster.name, value));
  // The narrowest index first; no task is ever desired to be PENDING.
  const among =
    startedBy !== undefined
      ? filed('clusterStartedBy', startedBy)
      : family !== undefined
        ? filed('clusterFamily', family)
        : filed('clusterDesired', desiredStatus);
  const found = among.filter(({ spec, status }) => {
    if (launchType !== undefined && spec.launchType !== launchType) return false;
    return desiredStatusOf(status.lastStatus, spec.stop !== undefined) === desiredStatus;
  });
  const page = context.page(found, ({ key }) => key, { token: nextToken, limit: checkedLimit(maxResults, mostListed) });
  return {
    taskArns: page.items.map(({ spec }) => taskArn(spec, spec.clusterName, spec.id)),
    nextToken: page.nextToken,
  };
}

/** The ARN of a task that a request names; an ARN is taken as it is. */
function arnOf(context: Context, cluster: string | undefined, identifier: string): string {
  if (parseTaskArn(identifier) !== undefined) return identifier;
  return taskArn(context, clusterNameOf(context, cluster), identifier);
}
