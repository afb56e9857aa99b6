type Json = any;

/** What of an API would no longer work for a client of the old one. */
export function breaks(old: Json, now: Json): string[] {
  const found: string[] = [];
  for (const [path, methods] of Object.entries<Json>(old.paths)) {
    for (const [method, operation] of Object.entries<Json>(methods)) {
      const other = now.paths[path]?.[method];
      const where = `${method.toUpperCase()} ${path}`;
      if (other === undefined) found.push(`${where} is gone`);
      else operationBreaks(where, operation, other, found, { old, now });
    }
  }
  return found;
}

interface Documents {
  readonly old: Json;
  readonly now: Json;
}

function operationBreaks(where: string, old: Json, now: Json, found: string[], documents: Documents): void {
  if (old.operationId !== now.operationId) found.push(`${where} is called ${now.operationId} now`);
  for (const parameter of now.parameters) {
    const before = old.parameters.find((other: Json) => other.name === parameter.name && other.in === parameter.in);
    if (parameter.required && !before?.required) found.push(`${where} needs ${parameter.name}`);
  }
  for (const { name, in: place } of old.parameters) {
    if (!now.parameters.some((other: Json) => other.name === name && other.in === place))
      found.push(`${where} takes no ${name} any more`);
  }
  const bodyOf = (operation: Json) => operation.requestBody?.content['application/json'].schema;
  if (now.requestBody?.required && !old.requestBody?.required) found.push(`${where} needs a body`);
  if (bodyOf(old) && bodyOf(now)) schemaBreaks(`${where} body`, bodyOf(old), bodyOf(now), 'in', found, documents);
  for (const [status, answer] of Object.entries<Json>(old.responses)) {
    if (!/^2/.test(status)) continue;
    for (const [type, { schema }] of Object.entries<Json>(answer.content ?? {})) {
      const other = now.responses[status]?.content?.[type]?.schema;
      if (other === undefined) found.push(`${where} gives no ${type} with ${status} any more`);
      else schemaBreaks(`${where} ${status}`, schema, other, 'out', found, documents);
    }
  }
}

/** `in`: what was taken is still taken. `out`: what was given is still given. */
function schemaBreaks(
  where: string,
  before: Json,
  after: Json,
  way: 'in' | 'out',
  found: string[],
  documents: Documents,
  depth = 0,
): void {
  const old = resolved(before, documents.old);
  const now = resolved(after, documents.now);
  if (depth > 12) return;
  if (old.type !== undefined && now.type !== undefined && JSON.stringify(old.type) !== JSON.stringify(now.type))
    found.push(`${where} is ${now.type} now`);
  const needed = (schema: Json): string[] => schema.required ?? [];
  if (way === 'in')
    for (const name of needed(now)) if (!needed(old).includes(name)) found.push(`${where}.${name} is needed`);
  if (way === 'out')
    for (const name of needed(old)) if (!needed(now).includes(name)) found.push(`${where}.${name} may be absent`);
  const values = (schema: Json): unknown[] => schema.enum ?? [];
  const [wide, narrow] = way === 'in' ? [now, old] : [old, now];
  if (wide.enum && narrow.enum && way === 'in')
    for (const value of values(narrow))
      if (!values(wide).includes(value)) found.push(`${where} takes no ${value} any more`);
  // A choice that there was is still there: of events, by their type.
  for (const [place, variant] of variantsOf(old).entries()) {
    const name = nameOf(variant, documents.old) ?? `#${place}`;
    const other = variantsOf(now).find((one, at) => (nameOf(one, documents.now) ?? `#${at}`) === name);
    if (other === undefined) found.push(`${where} is no ${name} any more`);
    else schemaBreaks(`${where}|${name}`, variant, other, way, found, documents, depth + 1);
  }
  for (const [name, schema] of Object.entries<Json>(old.properties ?? {})) {
    const other = now.properties?.[name];
    if (other === undefined) found.push(`${where}.${name} is gone`);
    else schemaBreaks(`${where}.${name}`, schema, other, way, found, documents, depth + 1);
  }
  if (old.items && now.items) schemaBreaks(`${where}[]`, old.items, now.items, way, found, documents, depth + 1);
}

function variantsOf(schema: Json): Json[] {
  return schema.oneOf ?? schema.anyOf ?? [];
}

function nameOf(variant: Json, document: Json): string | undefined {
  return resolved(variant, document).properties?.type?.const ?? variant.$ref?.split('/').at(-1);
}

function resolved(schema: Json, document: Json): Json {
  const name = /^#\/components\/schemas\/(.+)$/.exec(schema?.$ref ?? '')?.[1];
  return name === undefined ? schema : document.components.schemas[name];
}
