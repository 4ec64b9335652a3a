// What ecs answers when it cannot do what was asked, in AWS's words.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/CommonErrors.html
import { AwsError } from '#kernel/error.ts';

/** A request that AWS answers with InvalidParameterException. */
export function invalidParameter(message: string): AwsError {
  return new AwsError('InvalidParameterException', message);
}

/** A request that AWS answers with ClientException: most faults of task definitions. */
export function clientException(message: string): AwsError {
  return new AwsError('ClientException', message);
}

export function clusterNotFound(): AwsError {
  return new AwsError('ClusterNotFoundException', 'Cluster not found.');
}

export function clusterInactive(): AwsError {
  return new AwsError('ClusterNotFoundException', 'The referenced cluster was inactive.');
}

/** PutClusterCapacityProviders of a cluster that was deleted. */
export function clusterNotActive(): AwsError {
  return clientException('Cluster was not ACTIVE');
}

export function capacityProviderInUse(): AwsError {
  return new AwsError('ResourceInUseException', 'The specified capacity provider is in use and cannot be removed.');
}

export function clusterContainsTasks(): AwsError {
  return new AwsError('ClusterContainsTasksException', 'The Cluster cannot be deleted while Tasks are active.');
}

export function inconsistentRequest(): AwsError {
  return invalidParameter(
    'Arguments on this idempotent request are inconsistent with arguments used in previous request(s).',
  );
}

/** A client token that was used for another RunTask. `taskArns` are the tasks of the first one. */
export function clientTokenConflict(taskArns: readonly string[]): AwsError {
  return new AwsError(
    'ConflictException',
    'The client token was already used in a request with different parameters.',
    { members: { resourceIds: taskArns } },
  );
}

export function taskNotFound(): AwsError {
  return invalidParameter('The referenced task was not found.');
}

export function otherCluster(identifier: string, cluster: string): AwsError {
  return invalidParameter(`Invalid identifier: Identifier is for cluster ${identifier}. Your cluster is ${cluster}`);
}

export function invalidRevision(text: string): AwsError {
  return invalidParameter(`Invalid revision number. Number: ${text}`);
}

/** DescribeTaskDefinition and DeregisterTaskDefinition of one that does not exist. */
export function cannotDescribeTaskDefinition(): AwsError {
  return clientException('Unable to describe task definition.');
}

export function revisionMissing(): AwsError {
  return clientException('Revision is missing.');
}

/** RunTask of a definition that does not exist. */
export function taskDefinitionNotFound(): AwsError {
  return clientException('TaskDefinition not found.');
}

export function taskDefinitionInactive(): AwsError {
  return clientException('TaskDefinition is inactive');
}

export function noFargateConfiguration(cpu: number, memory: number): AwsError {
  return clientException(
    `No Fargate configuration exists for given values: ${cpu} CPU, ${memory} memory. See the Amazon ECS documentation for the valid values.`,
  );
}

export function subnetNotFound(subnetId: string): AwsError {
  return invalidParameter(
    `Error retrieving subnet information for [${subnetId}]: The subnet ID '${subnetId}' does not exist (ErrorCode: InvalidSubnetID.NotFound)`,
  );
}

export function securityGroupNotFound(groupId: string): AwsError {
  return invalidParameter(
    `Error retrieving security group information for [${groupId}]: The security group '${groupId}' does not exist (ErrorCode: InvalidGroup.NotFound)`,
  );
}

export function platformUnknown(version: string): AwsError {
  return new AwsError('PlatformUnknownException', `The specified platform version doesn't exist: ${version}.`);
}

/** A stop reason: the address of a task could not be had. `code` is EC2's, e.g. InsufficientFreeAddressesInSubnet. */
export function networkInterfaceFailed(subnetId: string, code: string): string {
  return `Unexpected EC2 error while attempting to Create Network Interface in subnet '${subnetId}': ${code}`;
}
