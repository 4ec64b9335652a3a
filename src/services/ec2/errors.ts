// ec2's errors in AWS's words.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
import { AwsError } from '#kernel/error.ts';

export const invalidFilter = (name: string) => new AwsError('InvalidParameterValue', `The filter '${name}' is invalid`);

export const pageTooSmall = (maxResults: number, smallest: number) =>
  new AwsError(
    'InvalidParameterValue',
    `Value ( ${maxResults} ) for parameter maxResults is invalid. Expecting a value greater than ${smallest}.`,
  );

export const vpcNotFound = (id: string) => new AwsError('InvalidVpcID.NotFound', `The vpc ID '${id}' does not exist`);

export const subnetNotFound = (id: string) =>
  new AwsError('InvalidSubnetID.NotFound', `The subnet ID '${id}' does not exist`);

export const groupNotFound = (id: string) =>
  new AwsError('InvalidGroup.NotFound', `The security group '${id}' does not exist`);

export const networkInterfaceNotFound = (id: string) =>
  new AwsError('InvalidNetworkInterfaceID.NotFound', `The networkInterface ID '${id}' does not exist`);

export const zoneNotFound = (name: string) =>
  new AwsError('InvalidParameterValue', `Invalid availability zone: [${name}]`);

export const insufficientFreeAddresses = (subnetId: string) =>
  new AwsError(
    'InsufficientFreeAddressesInSubnet',
    `The specified subnet does not have enough free addresses to satisfy the request: ${subnetId}`,
  );

export const noRoomForVpc = (account: string, region: string) =>
  new AwsError('VpcLimitExceeded', `No address range is left for a default VPC of account ${account} in ${region}.`);
