// PostGraphile 5 with its own HTTP server. It makes its schema and its statement from the project's tables.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { postgraphile } from 'postgraphile'
import { TYPES } from 'postgraphile/@dataplan/pg'
import { makePgService } from 'postgraphile/adaptors/pg'
import { context } from 'postgraphile/grafast'
import { grafserv } from 'postgraphile/grafserv/node'
import { PostGraphileAmberPreset } from 'postgraphile/presets/amber'
import { wrapPlans } from 'postgraphile/utils'
import { ready } from './listen.ts'
import { pool, workspaceOf } from './statements.ts'

/** Narrows the conversations to the inbox of the key. The condition is planned once, with the document. */
const inboxOfKey = wrapPlans(({ sql }) => ({
  Query: {
    allConversations(plan) {
      const connection = plan()
      const rows = connection.getSubplan()
      const workspaceId = rows.placeholder(context().get('workspaceId'), TYPES.text)
      rows.where(sql`${rows.alias}.workspace_id = ${workspaceId} and ${rows.alias}.status <> 'ARCHIVED'`)
      return connection
    },
  },
}))

const instance = postgraphile({
  extends: [PostGraphileAmberPreset],
  plugins: [inboxOfKey],
  pgServices: [makePgService({ pool, schemas: ['public'] })],
  grafast: {
    explain: false,
    // Not as `pgSettings`, which would put each statement into a transaction.
    context: async ({ node }) => ({ workspaceId: await workspaceOf(node?.req.headers.authorization) }),
  },
  grafserv: { graphiql: false, watch: false },
})

// The first request does not wait for the schema.
await instance.getSchema()
const server = createServer()
await instance.createServ(grafserv).addTo(server)
server.listen(0, '127.0.0.1', () => ready((server.address() as AddressInfo).port))
