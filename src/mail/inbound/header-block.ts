const maxBytes = 65_536

/** A copy of a mail's headers, without its body, and of at most 64 kB. */
export function headerBlock(raw: Uint8Array): Uint8Array {
  const start = Buffer.from(raw.subarray(0, maxBytes))
  const ends = [start.indexOf('\r\n\r\n'), start.indexOf('\n\n')].filter(end => end >= 0)
  const end = Math.min(...ends, start.length)
  return Buffer.concat([start.subarray(0, end), Buffer.from('\r\n\r\n')])
}
