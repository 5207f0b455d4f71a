type Schema = { properties?: Record<string, Schema> }

type Operation = {
  parameters?: { in: string; name: string }[]
  requestBody?: { content: Record<string, { schema: Schema }> }
  security?: Record<string, unknown>[]
}

type OpenApi = { paths: Record<string, Record<string, Operation>>; security?: Operation['security'] }

/**
 * The place of one value in the requests of an operation, such as `GET /v1/things`: `['query', 'cursor']`, `['body',
 * 'agentId']`, or `['body']` for a body that has no properties.
 */
export type RestPosition = { operation: string; place: string[] }

/** Every position of a value that the served OpenAPI document has. */
export async function documentedPositions(url: string): Promise<RestPosition[]> {
  const { paths, security } = (await (await fetch(`${url}/v1/openapi.json`)).json()) as OpenApi
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).flatMap(([method, operation]) =>
      placesIn(operation, security).map(place => ({
        operation: `${method.toUpperCase()} ${path}`,
        place,
      })),
    ),
  )
}

function placesIn(
  { parameters = [], requestBody, security }: Operation,
  everywhere: Operation['security'] = [],
): string[][] {
  const bodies = Object.values(requestBody?.content ?? {})
  return [
    ...(security ?? everywhere).flatMap(Object.keys).map(scheme => ['security', scheme]),
    ...parameters.map(parameter => [parameter.in, parameter.name]),
    ...bodies.flatMap(({ schema }) => placesOf(schema, ['body'])),
  ]
}

const placesOf = ({ properties }: Schema, place: string[]): string[][] =>
  properties
    ? Object.entries(properties).flatMap(([name, schema]) => placesOf(schema, [...place, name]))
    : [place]
