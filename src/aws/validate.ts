// Refuses inputs that lack what their model requires, in the words of the service that is asked.
import { AwsError } from '#kernel/error.ts';
import type { Route } from './codec.ts';
import { catalog } from './models.ts';
import { queryName } from './query.ts';
import { malformedXml } from './rest-xml.ts';
import { nests, type Member, type Shape, type StructureShape } from './shape.ts';

/** A required member that is not there, or an element of a list or map that is null. */
interface Missing {
  /** From the input down to the member: members, and 1-based positions or keys. */
  readonly path: readonly (Member | number | string)[];
  readonly member: Member;
}

/** So many are enough to say; a huge list of empty elements must not make a huge message. */
const maximumReported = 25;

/**
 * Checks that all required members are set, at every depth. Throws the service's own error, which names them.
 * Enum values, lengths, ranges and patterns are not in the SDK's schemas: handlers check those that AWS checks.
 */
export function validate(route: Route, input: unknown): void {
  const shape = route.operationModel.input;
  if (wholeOf(shape)(input)) return;
  const missing: Missing[] = [];
  collect(shape, input, [], missing);
  throw refusal(route, missing[0]!, missing);
}

/** Whether nothing is missing in a value: most are whole, and no path is put together for those. */
type Whole = (value: unknown) => boolean;

const compiled = new WeakMap<Shape, Whole>();

function wholeOf(shape: Shape): Whole {
  const known = compiled.get(shape) ?? compileWhole(shape);
  compiled.set(shape, known);
  return known;
}

function compileWhole(shape: Shape): Whole {
  switch (shape.kind) {
    case 'structure':
      return structureWhole(shape);
    case 'list': {
      const whole = elementWhole(shape.element);
      return (value) => (value as readonly unknown[]).every(whole);
    }
    case 'map': {
      const whole = elementWhole(shape.value);
      return (value) => Object.values(value as object).every(whole);
    }
    default:
      return () => true;
  }
}

function structureWhole(shape: StructureShape): Whole {
  const required = shape.members.filter((member) => member.required).map(({ name }) => name);
  const nested = new Map<string, Whole>();
  for (const { name, shape: inner } of shape.members) if (nests(inner)) nested.set(name, lazily(inner));
  return (value) => {
    const members = value as Readonly<Record<string, unknown>>;
    for (const name of required) if (isAbsent(members[name])) return false;
    if (nested.size === 0) return true;
    for (const name in members) {
      const whole = nested.get(name);
      if (whole !== undefined && !isAbsent(members[name]) && !whole(members[name])) return false;
    }
    return true;
  };
}

function elementWhole({ shape }: Member): Whole {
  if (!nests(shape)) return (item) => item !== null;
  const whole = lazily(shape);
  return (item) => item !== null && whole(item);
}

/** Compiled when first met: a shape may contain itself. */
function lazily(shape: Shape): Whole {
  let whole: Whole | undefined;
  return (value) => (whole ??= wholeOf(shape))(value);
}

const isAbsent = (value: unknown): boolean => value === undefined || value === null;

function collect(shape: Shape, value: unknown, path: Missing['path'], missing: Missing[]): void {
  if (missing.length >= maximumReported) return;
  if (shape.kind === 'structure') {
    for (const member of shape.members) {
      const inner = (value as Record<string, unknown>)[member.name];
      if (inner !== undefined && inner !== null) collect(member.shape, inner, [...path, member], missing);
      else if (member.required) missing.push({ path: [...path, member], member });
    }
  } else if (shape.kind === 'list') {
    const { element } = shape;
    (value as readonly unknown[]).forEach((item, i) => check(element, item, [...path, i + 1], missing));
  } else if (shape.kind === 'map') {
    for (const [key, item] of Object.entries(value as object)) check(shape.value, item, [...path, key], missing);
  }
}

function check(element: Member, item: unknown, path: Missing['path'], missing: Missing[]): void {
  if (missing.length >= maximumReported) return;
  if (item === null) missing.push({ path, member: element });
  else if (nests(element.shape)) collect(element.shape, item, path, missing);
}

function refusal(route: Route, first: Missing, missing: readonly Missing[]): AwsError {
  const row = catalog[route.model];
  switch (row.requiredStyle) {
    case 'coral':
      return new AwsError(row.validationError, coralMessage(missing));
    case 'ecs':
      return new AwsError(row.validationError, ecsMessage(first));
    case 'parameter':
      return new AwsError('MissingParameter', `The parameter ${dotted(first.path, (m) => m.name)} is required.`);
    case 'ec2':
      return new AwsError(
        'MissingParameter',
        `The request must contain the parameter ${dotted(first.path, (m) => queryName(m, true))}`,
      );
    case 's3':
      return s3Refusal(first);
  }
}

/** `1 validation error detected: Value null at 'tags.1.member.key' failed to satisfy constraint: Member must not be null` */
function coralMessage(missing: readonly Missing[]): string {
  const found = missing.map(
    ({ path }) => `Value null at '${coralPath(path)}' failed to satisfy constraint: Member must not be null`,
  );
  return `${found.length} validation error${found.length === 1 ? '' : 's'} detected: ${found.join('; ')}`;
}

const uncapitalised = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);
const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

function coralPath(path: Missing['path']): string {
  return path.map((part) => (typeof part === 'object' ? uncapitalised(part.name) : `${part}.member`)).join('.');
}

function dotted(path: Missing['path'], nameOf: (member: Member) => string): string {
  return path.map((part) => (typeof part === 'object' ? nameOf(part) : String(part))).join('.');
}

/** `TaskDefinition can not be blank.`; inside structures `ContainerDefinitions.1.Name can not be blank.` */
function ecsMessage({ path, member }: Missing): string {
  return `${dotted(path, (m) => capitalised(m.name))} can not be ${member.shape.kind === 'list' ? 'empty' : 'blank'}.`;
}

function s3Refusal({ path, member }: Missing): AwsError {
  if (path.length > 1) return malformedXml();
  const header = member.traits['httpHeader'];
  if (header !== undefined)
    return new AwsError('InvalidRequest', `Missing required header for this request: ${String(header)}`);
  const query = member.traits['httpQuery'];
  if (query !== undefined)
    return new AwsError('InvalidArgument', `This operation requires the parameter ${String(query)}`);
  return member.traits['httpPayload'] === undefined
    ? malformedXml()
    : new AwsError('MissingRequestBodyError', 'Request Body is empty');
}
