// Tests of awsQuery and ec2Query: forms read and refused, replies wrapped.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { loadModel, type Model } from './codec.ts';
import { parsePairs } from './form.ts';
import { readQuery, writeEc2, writeQuery } from './query.ts';

let elb: Model;
let iam: Model;
let ec2: Model;
let monitoring: Model;

before(async () => {
  elb = await loadModel('elasticloadbalancing');
  iam = await loadModel('iam');
  ec2 = await loadModel('ec2');
  monitoring = await loadModel('monitoring');
});

const read = (model: Model, operation: string, form: string): Record<string, unknown> =>
  readQuery(model.operations.get(operation)!.input, parsePairs(form), model.name === 'ec2');

test('numbered members are a list in the order of their numbers', () => {
  const form =
    'Action=DescribeLoadBalancers&Version=2015-12-01&Names.member.10=c&Names.member.2=b&Names.member.1=a+%C3%A9&PageSize=5&Unknown=1';
  assert.deepEqual(read(elb, 'DescribeLoadBalancers', form), { Names: ['a é', 'b', 'c'], PageSize: 5 });
});

test('a list named without a member is empty', () => {
  assert.deepEqual(read(elb, 'DescribeLoadBalancers', 'Names='), { Names: [] });
});

test('structures, nested lists and maps are read', () => {
  const form =
    'DefaultActions.member.1.Type=forward&DefaultActions.member.1.ForwardConfig.TargetGroups.member.1.Weight=2&DefaultActions.member.1.Order=1';
  assert.deepEqual(read(elb, 'CreateListener', form), {
    DefaultActions: [{ Type: 'forward', ForwardConfig: { TargetGroups: [{ Weight: 2 }] }, Order: 1 }],
  });
});

test('EC2 numbers lists without a wrapper, by its own names', () => {
  const form =
    'Action=DescribeVpcs&Filter.1.Name=tag%3AName&Filter.1.Value.1=x&Filter.1.Value.2=y&DryRun=false&VpcId.1=vpc-1&X-Amz-Date=1';
  assert.deepEqual(read(ec2, 'DescribeVpcs', form), {
    Filters: [{ Name: 'tag:Name', Values: ['x', 'y'] }],
    DryRun: false,
    VpcIds: ['vpc-1'],
  });
});

const refused: [() => Model, string, string, string, RegExp][] = [
  [() => elb, 'DescribeLoadBalancers', 'PageSize=many', 'MalformedInput', /For input string: "many"/],
  [() => elb, 'DescribeLoadBalancers', 'PageSize=', 'MalformedInput', /For input string/],
  [() => elb, 'DescribeLoadBalancers', 'Names=a', 'MalformedInput', /Expected list/],
  [() => elb, 'DescribeLoadBalancers', 'Names.1=a', 'MalformedInput', /list/],
  [() => elb, 'DescribeLoadBalancers', 'Names.member.x=a', 'MalformedInput', /list/],
  [() => elb, 'DescribeLoadBalancers', 'Names.member.1.Foo=a', 'MalformedInput', /Start of structure/],
  [() => elb, 'DescribeLoadBalancers', 'PageSize=%zz', 'MalformedQueryString', /syntax error/],
  [() => elb, 'DescribeLoadBalancers', `Names${'.a'.repeat(10_000)}=1`, 'MalformedInput', /nested too deeply/],
  [() => elb, 'CreateListener', 'MutualAuthentication=x', 'MalformedInput', /Expected structure/],
  [() => monitoring, 'GetMetricStatistics', 'StartTime=1700000000', 'MalformedInput', /timestamp must follow ISO8601/],
  [() => iam, 'ListPolicies', 'OnlyAttached=maybe', 'MalformedInput', /boolean/],
  [() => ec2, 'DescribeVpcs', 'MaxResults=many', 'InvalidParameterValue', /Invalid value 'many' for MaxResults/],
  [() => ec2, 'DescribeVpcs', 'Colour=red', 'UnknownParameter', /The parameter Colour is not recognized/],
  [() => ec2, 'DescribeVpcs', 'Filter.1.Colour=red', 'UnknownParameter', /The parameter Colour is not recognized/],
];

for (const [model, operation, form, code, message] of refused) {
  test(`${operation} with ${form.slice(0, 40)} is refused with ${code}`, () => {
    assert.throws(() => read(model(), operation, form), { name: 'AwsError', code, message });
  });
}

test('a key named after the prototype changes none', () => {
  const found = read(elb, 'DescribeLoadBalancers', '__proto__.member.1=a&Names.member.1=__proto__');
  assert.deepEqual(found, { Names: ['__proto__'] });
  assert.equal(Object.getPrototypeOf(found), Object.prototype);
});

test('a reply stands in its result and response elements, escaped', () => {
  const operation = iam.operations.get('GetUser')!;
  const output = {
    User: { UserName: '<a & "b">\r', Path: '/', UserId: 'u', Arn: 'x', CreateDate: new Date(0), Tags: [] },
  };
  assert.equal(
    writeQuery(operation, output, 'urn:x', 'id'),
    '<GetUserResponse xmlns="urn:x"><GetUserResult><User><Path>/</Path><UserName>&lt;a &amp; &quot;b&quot;&gt;&#xD;</UserName>' +
      '<UserId>u</UserId><Arn>x</Arn><CreateDate>1970-01-01T00:00:00Z</CreateDate><Tags></Tags></User></GetUserResult>' +
      '<ResponseMetadata><RequestId>id</RequestId></ResponseMetadata></GetUserResponse>',
  );
});

test('an EC2 reply holds the request id beside its members', () => {
  const operation = ec2.operations.get('DescribeVpcs')!;
  assert.equal(
    writeEc2(operation, { Vpcs: [{ VpcId: 'vpc-1', IsDefault: true }] }, 'urn:x', 'id'),
    '<?xml version="1.0" encoding="UTF-8"?>\n<DescribeVpcsResponse xmlns="urn:x"><requestId>id</requestId>' +
      '<vpcSet><item><isDefault>true</isDefault><vpcId>vpc-1</vpcId></item></vpcSet></DescribeVpcsResponse>',
  );
});
