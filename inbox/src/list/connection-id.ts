import { ConnectionHandler, ROOT_ID } from 'relay-runtime'
import { filterOf, type View } from './view.ts'

/** The id of the connection that holds the conversations of a view, also before its query has been answered. */
export const connectionIdOf = (view: View): string =>
  ConnectionHandler.getConnectionID(ROOT_ID, 'ConversationList_conversations', { filter: filterOf(view) })
