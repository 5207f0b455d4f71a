import { type Client, type Gateway, newConversation, newWorkspace, type Workspace } from '../gateway.ts'

/** What exists in a workspace, for arguments that name it. The lists have the same length in each run. */
export type Known = {
  workspaceId: string
  conversations: string[]
  contacts: string[]
  agents: string[]
  channels: string[]
  /** Ids of every noun. */
  all: string[]
  /** Ids of another workspace. */
  foreign: string[]
  /** Cursors of every list. */
  cursors: string[]
  eventCursors: string[]
}

type Listed = { edges: { cursor: string; node: { id: string } }[] }
type Inbox = {
  workspace: { id: string }
  viewer: { id: string }
  agents: Listed
  channels: Listed
  contacts: Listed
  recent: Listed
  conversations: {
    edges: { cursor: string; node: { id: string; messages: Listed; events: Listed } }[]
  }
}

const inboxQuery = `{
  workspace { id } viewer { id }
  agents { edges { cursor node { id } } } channels { edges { cursor node { id } } }
  contacts(first: 10) { edges { cursor node { id } } }
  recent: conversations(first: 3, orderBy: { field: CREATED_AT, direction: ASC }) { edges { cursor node { id } } }
  conversations(first: 12) { edges { cursor node { id
    messages(first: 1) { edges { cursor node { id } } } events(first: 2) { edges { cursor node { id } } }
  } } }
}`

/** A workspace with a dozen conversations, and what exists in it and in another workspace. */
export async function knownInbox(
  gateway: Gateway,
): Promise<{ own: Workspace; other: Workspace; known: Known }> {
  const own = await newWorkspace(gateway)
  const other = await newWorkspace(gateway)
  for (let index = 0; index < 12; index++) {
    await newConversation(own.client, `person${index % 10}@example.com`, `Message ${index}`)
    if (index < 3) await newConversation(other.client)
  }
  const [inbox, foreign] = await Promise.all([read(own.client), read(other.client)])
  const nodes = (list: Listed) => list.edges.map(({ node }) => node.id)
  const inner = inbox.conversations.edges.map(({ node }) => node)
  const conversations = nodes(inbox.conversations)
  const [contacts, agents, channels] = [inbox.contacts, inbox.agents, inbox.channels].map(nodes)
  const messages = inner.flatMap(node => nodes(node.messages))
  const events = inner.flatMap(node => nodes(node.events))
  const lists = [
    inbox.agents,
    inbox.channels,
    inbox.contacts,
    inbox.conversations,
    inbox.recent,
    inner[0]?.messages,
  ]
  return {
    own,
    other,
    known: {
      workspaceId: own.id,
      conversations,
      contacts: contacts ?? [],
      agents: agents ?? [],
      channels: channels ?? [],
      all: [
        own.id,
        inbox.viewer.id,
        ...[conversations, contacts, agents, channels, messages, events].flatMap(ids => ids ?? []),
      ],
      foreign: [
        other.id,
        ...nodes(foreign.conversations),
        ...nodes(foreign.contacts),
        ...nodes(foreign.agents),
      ],
      cursors: lists.flatMap(list => list?.edges.map(({ cursor }) => cursor) ?? []),
      eventCursors: inner.flatMap(node => node.events.edges.map(({ cursor }) => cursor)),
    },
  }
}

async function read(from: Client): Promise<Inbox> {
  const { data, errors } = await from.graphql<Inbox>(inboxQuery)
  if (errors) throw new Error(JSON.stringify(errors))
  return data
}
