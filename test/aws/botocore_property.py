"""botocore client -> front door -> botocore client: every operation of every model, random input and output.

Arguments: the test server's URL, a seed, runs per operation, and the names of botocore's services (with `+protocol` where it
is not the first). The output wanted goes out in the header x-test-output, the decoded input comes back in x-test-input.
Prints one line of JSON: how many exchanges were made, and the failures.
"""
import base64
import datetime
import json
import random
import sys
import zlib

import botocore.config
import botocore.session

# None is JSON by itself: botocore parses IAM's policy documents and CloudFormation's templates where it can.
WORDS = ['a', 'flask-api', 'Ünïcode', '日本', '😀', 'a&b<c>"d\'', 'x=y&z', '100%', 'a+b', 'arn:aws:iam::1:role/x', 'null-1']
ODD_WORDS = ['', ' ', ' lead', 'trail ', 'tab\there', 'line\nbreak', 'cr\rlf\r\n', '\\', '\u2028']
HEADER_WORDS = ['a', 'flask-api', 'x=y', 'text/plain', 'a/b c', '0', 'some;thing']

# Operations that botocore does not send or read as its model says (botocore/handlers.py), and why.
CUSTOMISED = {
    'ec2.CopySnapshot': 'adds a presigned URL',
    's3.GetBucketLifecycle': 'an older name of GetBucketLifecycleConfiguration: the request is the same',
    's3.PutBucketLifecycle': 'an older name of PutBucketLifecycleConfiguration: the request is the same',
    's3.GetBucketNotification': 'an older name of GetBucketNotificationConfiguration: the request is the same',
    's3.PutBucketNotification': 'an older name of PutBucketNotificationConfiguration: the request is the same',
    's3.PutBucketAnalyticsConfiguration': 'its filter is a union, which botocore does not know',
    's3.PutBucketMetricsConfiguration': 'its filter is a union, which botocore does not know',
    's3.ListDirectoryBuckets': 'told from ListBuckets by the host name alone',
}
# Members that botocore sets, drops or rewrites itself, as service.member or service.operation.member.
CUSTOMISED_MEMBERS = {
    'ec2.RunInstances.UserData': 'encoded in base64',
    'ec2.GetConsoleOutput.Output': 'decoded from base64',
    's3.ChecksumMode': 'has the checksums of the reply compared with its body',
    's3.ChecksumAlgorithm': 'the checksum is computed, by a library that may be missing',
    's3.SSECustomerKey': 'encoded in base64',
    's3.SSECustomerKeyMD5': 'computed',
    's3.CopySourceSSECustomerKey': 'encoded in base64',
    's3.CopySourceSSECustomerKeyMD5': 'computed',
    's3.EncodingType': 'added, so that odd keys survive XML',
    's3.GetObjectAttributes.ObjectParts': "has part numbers that are strings in the JS SDK's schemas",
    'events.EndpointId': 'made into a host name',
    's3.ContentLength': "HTTP's own header: any value but the body's length breaks the message",
    's3.ExpiresString': 'added from Expires',
    's3.PartNumberMarker': "an integer here, a string in the JS SDK's schemas",
    's3.NextPartNumberMarker': "an integer here, a string in the JS SDK's schemas",
}

# What botocore checks the form of, or writes in another form.
FORMED = {'Bucket': 'a-bucket', 'Key': 'dir/ä key+1 & more/x', 'CopySource': 'a-bucket/key', 'RequestRoute': 'a-route'}


class Values:
    """Makes values: `size` (0, 1, 2) bounds how many optional members and elements there are."""

    def __init__(self, chance, size, no_empty, plain_text):
        self.chance = chance
        self.size = size
        self.no_empty = no_empty
        self.words = WORDS if plain_text else WORDS + ODD_WORDS

    def structure(self, shape, skip):
        return {} if shape is None else self.members(shape, 0, skip)

    def members(self, shape, depth, skip=lambda name: False):
        found = {}
        usable = [(n, m) for n, m in shape.members.items() if self.possible(m) and not skip(n)]
        if not usable:
            return found
        if getattr(shape, 'is_tagged_union', False):
            name, member = self.chance.choice(usable)
            return {name: self.member(name, member, depth)}
        payload = shape.serialization.get('payload')
        for name, member in usable:
            always = name in shape.required_members or name == payload
            if always or member.metadata.get('idempotencyToken'):
                found[name] = self.member(name, member, depth)
        optional = 0 if depth > 3 else min(len(usable), (self.size + 1) * 3)
        least = 1 if self.no_empty and not found else 0
        for _ in range(max(optional, least)):
            name, member = self.chance.choice(usable)
            if name not in found:
                found[name] = self.member(name, member, depth)
        return found

    def possible(self, shape):
        return not (self.no_empty and shape.type_name == 'structure' and not shape.members)

    def member(self, name, shape, depth):
        location = shape.serialization.get('location')
        if name in FORMED and (location in ('uri', 'header')):
            return FORMED[name]
        if location == 'headers':
            return {'one': self.chance.choice(HEADER_WORDS), 'two-2': 'value'}
        if location == 'header':
            if shape.type_name == 'list':
                return [self.simple(shape.member, HEADER_WORDS) for _ in range(2)]
            return self.simple(shape, HEADER_WORDS)
        return self.value(shape, depth + 1)

    def value(self, shape, depth):
        if getattr(shape, 'is_document_type', False):
            return {'text': self.chance.choice(WORDS), 'list': [1, True, {'deep': 'x'}]}
        if shape.type_name == 'structure':
            return self.members(shape, depth)
        if shape.type_name == 'list':
            return [self.value(shape.member, depth + 1) for _ in range(self.length(depth))]
        if shape.type_name == 'map':
            return {f'{self.chance.choice(WORDS)}{i}': self.value(shape.value, depth + 1) for i in range(self.length(depth))}
        return self.simple(shape, self.words)

    def length(self, depth):
        least = 1 if self.no_empty else 0
        return least if depth > 4 else least + self.chance.randrange(self.size + 1)

    def simple(self, shape, words):
        kind = shape.type_name
        if kind in ('integer', 'long'):
            return self.chance.randrange(-1000, 2_000_000)
        if kind in ('float', 'double'):
            return self.chance.randrange(1000) / 8
        if kind == 'boolean':
            return self.chance.random() < 0.5
        if kind == 'timestamp':
            return datetime.datetime.fromtimestamp(self.chance.randrange(2_000_000_000), datetime.timezone.utc)
        if kind == 'blob':
            return self.chance.randbytes(1 + self.chance.randrange(20))
        if getattr(shape, 'enum', None):
            return self.chance.choice(shape.enum)
        return self.chance.choice(words)


def tagged(value):
    """JSON's form of a value: times and bytes, which JSON lacks, as tagged objects."""
    if isinstance(value, datetime.datetime):
        return {'$time': round(value.timestamp() * 1000)}
    if isinstance(value, (bytes, bytearray)):
        return {'$bytes': bytes(value).hex()}
    if hasattr(value, 'read'):
        return tagged(value.read())
    if isinstance(value, dict):
        return {key: tagged(v) for key, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [tagged(v) for v in value]
    return value


def pruned(value, no_empty):
    """Without nulls and, where nothing empty was sent, without what is empty."""
    if isinstance(value, list):
        return [pruned(v, no_empty) for v in value]
    if not isinstance(value, dict):
        return value
    inner = {key: pruned(v, no_empty) for key, v in value.items() if v is not None}
    return {key: v for key, v in inner.items() if not (no_empty and v in ({}, [], {'$bytes': ''}))}


def client_of(session, name, protocol, url):
    config = botocore.config.Config(
        parameter_validation=False,
        retries={'total_max_attempts': 1},
        connect_timeout=5,
        read_timeout=5,
        inject_host_prefix=False,
        disable_request_compression=False,
        s3={'addressing_style': 'path'},
        request_checksum_calculation='when_required',
        response_checksum_validation='when_required',
    )
    if protocol is not None:
        model = session.get_component('data_loader').load_service_model(name, 'service-2')
        model['metadata']['protocols'] = [protocol]
        model['metadata']['protocol'] = protocol
    return session.create_client(name, region_name='us-east-1', endpoint_url=url, config=config)


class Exchanger:
    def __init__(self, name, client):
        self.name = name
        self.client = client
        self.protocol = client.meta.service_model.resolved_protocol
        self.output = None
        client.meta.events.register('before-call.*', self.attach)

    def attach(self, params, **_):
        encoded = json.dumps(tagged(self.output)).encode()
        params['headers']['x-test-output'] = base64.b64encode(zlib.compress(encoded)).decode()

    def customised(self, operation, member):
        keys = (f'{self.name}.{member}', f'{self.name}.{operation}.{member}')
        return any(key in CUSTOMISED_MEMBERS for key in keys)

    def run(self, operation, seed, size):
        chance = random.Random(seed)
        xml = self.protocol in ('query', 'ec2', 'rest-xml')
        model = self.client.meta.service_model.operation_model(operation)

        def skip(member):
            return self.customised(operation, member)

        sent = Values(chance, size, xml, self.protocol == 'rest-xml').structure(model.input_shape, skip)
        self.output = Values(chance, size, xml, xml).structure(model.output_shape, skip)
        received = self.client._make_api_call(operation, json_free_copy(sent))
        headers = received.pop('ResponseMetadata')['HTTPHeaders']
        decoded = json.loads(zlib.decompress(base64.b64decode(headers['x-test-input'])))
        if decoded['operation'] != operation:
            return f'routed to {decoded["operation"]}'
        for what, actual, expected in (('input', decoded['input'], tagged(sent)), ('output', tagged(received), tagged(self.output))):
            actual = pruned({k: v for k, v in actual.items() if not skip(k)}, xml)
            expected = pruned(expected, xml)
            if actual != expected:
                return f'{what}: {json.dumps(actual, ensure_ascii=False)[:500]} is not {json.dumps(expected, ensure_ascii=False)[:500]}'
        return None


def json_free_copy(value):
    """A copy that the client may change as it likes."""
    if isinstance(value, dict):
        return {key: json_free_copy(v) for key, v in value.items()}
    return [json_free_copy(v) for v in value] if isinstance(value, list) else value


def streams_events(shape):
    return shape is not None and any(m.serialization.get('eventstream') for m in shape.members.values())


def main(url, seed, runs, names):
    session = botocore.session.Session()
    session.set_credentials('AKIAIOSFODNN7EXAMPLE', 'none')
    exchanges, failures = 0, []
    for name in names:
        service, _, protocol = name.partition('+')
        exchanger = Exchanger(service, client_of(session, service, protocol or None, url))
        model = exchanger.client.meta.service_model
        for operation in model.operation_names:
            shapes = model.operation_model(operation)
            if streams_events(shapes.input_shape) or streams_events(shapes.output_shape):
                continue
            if f'{service}.{operation}' in CUSTOMISED:
                continue
            for run in range(runs):
                exchanges += 1
                run_seed = f'{seed}/{name}/{operation}/{run}'
                try:
                    failure = exchanger.run(operation, run_seed, run % 3)
                except Exception as error:  # whatever it is, the caller wants to read it
                    failure = f'{type(error).__name__}: {error}'[:1000]
                if failure is not None:
                    failures.append(f'{name}.{operation} (run {run}): {failure}')
                    break
    print(json.dumps({'exchanges': exchanges, 'failures': failures}))


main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4:])
