/** The part of the package that is used here. It has no types of its own. */
declare module 'html-to-text' {
  type Limits = { maxDepth?: number; maxChildNodes?: number; maxBaseElements?: number }
  export function htmlToText(html: string, options?: { limits?: Limits }): string
}
