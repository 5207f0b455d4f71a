/** Whether an If-None-Match header lists this tag. Weak tags are compared by their content (RFC 9110, 13.1.2). */
export const isKnownTag = (tag: string, header = ''): boolean =>
  header.split(',').some(known => opaque(known.trim()) === opaque(tag))

const opaque = (tag: string) => tag.replace(/^W\//, '')
