import { type Encoded, encode } from '../../../http/send-encoded.ts'
import type { GraphiqlFiles } from './files.ts'
import { operations } from './operations.ts'

/** Everything that the page loads is its own. The editor writes its styles while it runs, so no hash can name them. */
export const graphiqlPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "worker-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/**
 * Returns GraphiQL, with operations to run. With a key its tabs can be run at once; null: its reader puts one in. It is
 * made at the first call.
 */
export function lazyGraphiqlPage(
  files: () => Promise<GraphiqlFiles>,
  key: string | null,
): () => Promise<Encoded> {
  let page: Promise<Encoded> | undefined
  return () => (page ??= files().then(({ folder }) => encode('text/html; charset=utf-8', html(folder, key))))
}

/** Tabs that move when they are pressed could not be opened by mouse: the click missed them (seen with GraphiQL 5.2). */
const stillTabs = '.graphiql-tab { transform: none !important }'

function html(folder: string, key: string | null): Buffer {
  const headers = JSON.stringify({ authorization: `Bearer ${key ?? 'YOUR_API_KEY'}` }, null, 2)
  // A text of a script element ends at the first `</`, whatever it is in.
  const options = JSON.stringify({ folder, headers, operations }).replaceAll('<', '\\u003c')
  return Buffer.from(`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <title>Conversations gateway</title>
    <link rel="icon" href="/icon.svg">
    <link rel="stylesheet" href="${folder}/graphiql.css">
    <style>${stillTabs}</style>
  </head>
  <body id="body" class="no-focus-outline">
    <noscript>GraphiQL needs JavaScript.</noscript>
    <div id="root"></div>
    <script type="application/json" id="options">${options}</script>
    <script src="${folder}/graphiql.js" defer></script>
    <script type="module" src="${folder}/browser.js"></script>
  </body>
</html>
`)
}
