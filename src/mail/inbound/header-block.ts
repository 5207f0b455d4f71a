/** The header section that a mail may have, in bytes. Reading addresses takes 250 ns a byte. */
const maxHeaderBytes = 131_072

const maxBlockBytes = 65_536

/** A copy of a mail's headers, without its body, and of at most 64 kB. */
export function headerBlock(raw: Uint8Array): Uint8Array {
  const start = Buffer.from(raw.subarray(0, maxBlockBytes))
  const end = headerEnd(start) ?? start.length
  return Buffer.concat([start.subarray(0, end), Buffer.from('\r\n\r\n')])
}

/** Whether a mail's headers take more than 128 KiB. */
export const hasLongHeaders = (raw: Uint8Array): boolean =>
  raw.length > maxHeaderBytes &&
  headerEnd(Buffer.from(raw.buffer, raw.byteOffset, Math.min(raw.length, maxHeaderBytes + 4))) === null

/** Where the first empty line begins; null: there is none. */
function headerEnd(bytes: Buffer): number | null {
  const ends = [bytes.indexOf('\r\n\r\n'), bytes.indexOf('\n\n')].filter(end => end >= 0)
  return ends.length === 0 ? null : Math.min(...ends)
}
