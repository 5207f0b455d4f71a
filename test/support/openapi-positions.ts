type Schema = { $ref?: string; properties?: Record<string, Schema> }

type Schemas = Record<string, Schema>

type Operation = {
  parameters?: { in: string; name: string }[]
  requestBody?: { content: Record<string, { schema: Schema }> }
  security?: Record<string, unknown>[]
}

type OpenApi = {
  paths: Record<string, Record<string, Operation>>
  security?: Operation['security']
  components: { schemas: Schemas }
}

/**
 * The place of one value in the requests of an operation, such as `GET /v1/things`: `['query', 'cursor']`, `['body',
 * 'agentId']`, or `['body']` for a body that has no properties.
 */
export type RestPosition = { operation: string; place: string[] }

/** Every position of a value that the served OpenAPI document has. */
export async function documentedPositions(url: string): Promise<RestPosition[]> {
  const { paths, security, components } = (await (await fetch(`${url}/v1/openapi.json`)).json()) as OpenApi
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).flatMap(([method, operation]) =>
      placesIn(operation, security, components.schemas).map(place => ({
        operation: `${method.toUpperCase()} ${path}`,
        place,
      })),
    ),
  )
}

function placesIn(
  { parameters = [], requestBody, security }: Operation,
  everywhere: Operation['security'] = [],
  schemas: Schemas,
): string[][] {
  const bodies = Object.values(requestBody?.content ?? {})
  return [
    ...(security ?? everywhere).flatMap(Object.keys).map(scheme => ['security', scheme]),
    ...parameters.map(parameter => [parameter.in, parameter.name]),
    ...bodies.flatMap(({ schema }) => placesOf(schema, schemas, ['body'])),
  ]
}

function placesOf(schema: Schema, schemas: Schemas, place: string[]): string[][] {
  const { properties } = schema.$ref ? (schemas[schema.$ref.split('/').at(-1) ?? ''] ?? {}) : schema
  if (!properties) return [place]
  return Object.entries(properties).flatMap(([name, inner]) => placesOf(inner, schemas, [...place, name]))
}
