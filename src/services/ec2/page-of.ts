// The page that a Describe call asks for.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSubnets.html
import type { PageRequest } from '#aws/service.ts';
import { pageTooSmall } from './errors.ts';

const smallest = 5;
const largest = 1000;

/** Throws InvalidParameterValue. Who asks for more than a page may hold gets a full one. */
export function pageOf(input: { MaxResults?: number | undefined; NextToken?: string | undefined }): PageRequest {
  const { MaxResults = largest, NextToken } = input;
  if (MaxResults < smallest) throw pageTooSmall(MaxResults, smallest);
  return { token: NextToken, limit: Math.min(MaxResults, largest) };
}
