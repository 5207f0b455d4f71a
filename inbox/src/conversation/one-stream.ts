type Loaded<Node> = { nodes: readonly Node[]; hasEarlier: boolean }

type Item<Message, Event> = { kind: 'message'; node: Message } | { kind: 'event'; node: Event }

/**
 * Messages and events by their time. What is older than the oldest loaded page of the other list is left out until that
 * page has come, so that nothing is put in between later.
 */
export function inOneStream<Message extends { createdAt: string }, Event extends { occurredAt: string }>(
  messages: Loaded<Message>,
  events: Loaded<Event>,
): Item<Message, Event>[] {
  const items = [
    ...events.nodes.map(node => ({ kind: 'event' as const, node, at: node.occurredAt })),
    ...messages.nodes.map(node => ({ kind: 'message' as const, node, at: node.createdAt })),
  ]
  const oldest = [
    messages.hasEarlier ? (messages.nodes[0]?.createdAt ?? '') : '',
    events.hasEarlier ? (events.nodes[0]?.occurredAt ?? '') : '',
  ]
  const from = oldest.sort()[1] ?? ''
  return items.filter(({ at }) => at >= from).sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
}

/** Messages that were shown before the gateway had them have an id of this form. */
export const ownIdPrefix = 'client:written:'

type Written = { id: string; text: string; author: { id: string } | null | undefined }

/**
 * Leaves out a message that is shown before its answer has come, once it has come as an event. Both have the same author
 * and text. Somebody who sends the same text twice sees the second one when its answer comes.
 */
export function withoutArrived<Message extends Written>(messages: readonly Message[]): Message[] {
  const isOwn = ({ id }: Message) => id.startsWith(ownIdPrefix)
  const arrived = messages.filter(message => !isOwn(message)).slice(-10)
  return messages.filter(
    message =>
      !isOwn(message) ||
      !arrived.some(({ text, author }) => text === message.text && author?.id === message.author?.id),
  )
}
