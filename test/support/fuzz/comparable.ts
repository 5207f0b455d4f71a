type Answer = {
  data?: unknown
  errors?: { path?: (string | number)[] }[]
}

/** The part of an error's path at which the data are null: its own field, or the ancestor that it made null. */
function nulledPath(data: unknown, path: readonly (string | number)[]): (string | number)[] {
  let value = data
  for (const [index, key] of path.entries()) {
    if (value === null || value === undefined) return path.slice(0, index)
    value = (value as Record<string, unknown>)[key]
  }
  return [...path]
}

/**
 * An answer without what two executions of a query may differ in: which errors come first, and, where several fields make
 * the same ancestor null, which of them are reported (GraphQL specification, "Handling Execution Errors").
 */
export function comparable(text: string) {
  const { data, errors, ...rest } = JSON.parse(text) as Answer
  const each = errors?.map(error => {
    const path = error.path && nulledPath(data, error.path)
    return JSON.stringify(path?.length === error.path?.length ? error : { nulled: path })
  })
  return { data, errors: each && [...new Set(each)].sort(), ...rest }
}
