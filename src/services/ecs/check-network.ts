// The networkConfiguration of a task in mode awsvpc, checked against the VPC that it names.
import type { Scope } from '#kernel/arn.ts';
import type { Reader } from '#kernel/store.ts';
import type { NetworkInterfaces, Subnet } from '#services/ec2/ports.ts';
import { invalidParameter, securityGroupNotFound, subnetNotFound } from './errors.ts';
import type { RunTaskInput } from './shapes.ts';

const mostSubnets = 16;
const mostSecurityGroups = 5;

export interface TaskNetwork {
  /** At least one; all of one VPC. */
  readonly subnets: readonly Subnet[];
  readonly securityGroupIds: readonly string[];
}

/**
 * Throws InvalidParameterException. Either `assignPublicIp` is taken: a task reaches out through the VPC's bridge either
 * way, and no address of a machine's own is public, so none is shown.
 */
export function checkedNetwork(
  configuration: RunTaskInput['networkConfiguration'],
  ports: Pick<NetworkInterfaces, 'subnet' | 'securityGroupVpc' | 'defaultSecurityGroup'>,
  reader: Reader,
  scope: Scope,
): TaskNetwork {
  const asked = configuration?.awsvpcConfiguration;
  if (asked === undefined) {
    throw invalidParameter("Network Configuration must be provided when networkMode 'awsvpc' is specified.");
  }
  const { subnets: subnetIds = [], securityGroups = [], assignPublicIp = 'DISABLED' } = asked;
  if (subnetIds.length === 0) throw invalidParameter('subnets can not be empty.');
  if (subnetIds.length > mostSubnets) throw invalidParameter(`subnets can have at most ${mostSubnets} items.`);
  if (securityGroups.length > mostSecurityGroups) {
    throw invalidParameter(`securityGroups can have at most ${mostSecurityGroups} items.`);
  }
  if (assignPublicIp !== 'ENABLED' && assignPublicIp !== 'DISABLED') {
    throw invalidParameter('assignPublicIp should be one of [ENABLED,DISABLED]');
  }
  const subnets = subnetIds.map((id) => {
    const subnet = ports.subnet(reader, scope, id);
    if (subnet === undefined) throw subnetNotFound(id);
    return subnet;
  });
  const { vpcId } = subnets[0]!;
  if (subnets.some((subnet) => subnet.vpcId !== vpcId))
    throw invalidParameter('All subnets must belong to the same VPC.');
  for (const id of securityGroups) {
    const groupVpc = ports.securityGroupVpc(reader, scope, id);
    if (groupVpc === undefined) throw securityGroupNotFound(id);
    if (groupVpc !== vpcId) {
      throw invalidParameter(`Security Group ${id} does not appear to belong to the same VPC as the input subnets.`);
    }
  }
  const securityGroupIds =
    securityGroups.length > 0 ? securityGroups : [ports.defaultSecurityGroup(reader, scope, vpcId)];
  return { subnets, securityGroupIds };
}
