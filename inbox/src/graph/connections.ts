import {
  ConnectionHandler,
  DefaultHandlerProvider,
  type RecordProxy,
  type RecordSourceProxy,
} from 'relay-runtime'

const lowestTime = 'loadedDownTo'

/**
 * Relay's handlers. That of connections also keeps how far down a list of conversations has been loaded, because a
 * conversation that comes live is put into the list only above that: what is below comes with its page.
 */
export function handlerProvider(handle: string): ReturnType<typeof DefaultHandlerProvider> {
  if (handle !== 'connection') return DefaultHandlerProvider(handle)
  return {
    update(store, payload) {
      ConnectionHandler.update(store, payload)
      const connection = store.get(payload.dataID)?.getLinkedRecord(payload.handleKey)
      const last = connection?.getLinkedRecords('edges')?.at(-1)?.getLinkedRecord('node')
      connection?.setValue(last?.getValue('lastMessageAt') ?? null, lowestTime)
    },
  }
}

/** Adds a node to a connection unless it has it, at the end. */
export function addNode(
  store: RecordSourceProxy,
  connection: RecordProxy | null | undefined,
  node: RecordProxy,
  edgeType: string,
): void {
  const edges = connection?.getLinkedRecords('edges') ?? []
  if (!connection || edges.some(edge => edge?.getLinkedRecord('node')?.getDataID() === node.getDataID()))
    return
  ConnectionHandler.insertEdgeAfter(
    connection,
    ConnectionHandler.createEdge(store, connection, node, edgeType),
  )
}

/** Adds a conversation to a list unless it belongs to a page that has not been loaded. */
export function addConversation(store: RecordSourceProxy, connection: RecordProxy, node: RecordProxy): void {
  const hasMore = connection.getLinkedRecord('pageInfo')?.getValue('hasNextPage') === true
  const loadedDownTo = connection.getValue(lowestTime)
  const isBelow = typeof loadedDownTo === 'string' && String(node.getValue('lastMessageAt')) < loadedDownTo
  if (!(hasMore && isBelow)) addNode(store, connection, node, 'ConversationEdge')
}
