import type { Writer } from '../../db/db.ts'
import { type Context, clearLoaders } from './context.ts'
import { type Payload, payloadOf } from './payload.ts'

/** What the descriptions of all these mutations say. */
export const needsAdmin = 'Requires the scope `admin`, otherwise FORBIDDEN.'

/** Makes a change without events in a transaction, and lets the rest of the response see it. */
export const administer = <Result extends object>(
  context: Context,
  write: (writer: Writer, workspaceId: string) => Promise<Result>,
): Promise<Payload<Result>> =>
  payloadOf(context, async () => {
    const { workspaceId } = context.actor
    const result = await context.db.transaction().execute(writer => write(writer, workspaceId))
    clearLoaders(context)
    return result
  })
