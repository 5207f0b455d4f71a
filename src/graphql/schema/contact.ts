import { contactByEmail, contactPage } from '../../domain/contact/rows.ts'
import { searchedContacts } from '../../domain/contact/search.ts'
import { wordsToSearch } from '../../domain/search/input.ts'
import { Actor } from './actor.ts'
import { builder } from './builder.ts'
import { connection, pageOf } from './connection.ts'
import { ConversationConnection, listArgs, nestedConversations } from './conversation/list.ts'
import { nestedListWeight } from './conversation/list-weight.ts'
import { timeCursors } from './cursors.ts'
import { Node } from './node.ts'
import { Contact } from './refs.ts'
import { wasRead } from './required.ts'
import { searchDescription } from './searched.ts'
import { type Arguments, searchWeight } from './weight.ts'

export const contactType = Contact.implement({
  description: 'A person outside the team who has conversations with it.',
  interfaces: [Node, Actor],
  fields: t => ({
    email: t.exposeString('email', {
      description:
        'The email address; every contact has one. It is compared without regard to case and returned as first given.',
    }),
    avatarUrl: t.exposeString('avatarUrl', {
      nullable: true,
      description: 'The URL of a picture; null if there is none.',
    }),
    createdAt: t.field({
      type: 'DateTime',
      description: 'When the contact was created.',
      extensions: { needsWholeRow: true },
      resolve: ({ createdAt }) => wasRead(createdAt),
    }),
    conversations: t.field({
      type: ConversationConnection,
      description:
        "The contact's conversations, most recent message first by default. Without a `status` filter, all statuses are included.",
      args: listArgs,
      extensions: { weight: nestedListWeight },
      resolve: (contact, args, context) => nestedConversations(context, 'contact', contact.id, args),
    }),
  }),
})

const ContactConnection = builder.connectionObject(
  { type: Contact, name: 'ContactConnection', description: 'A page of contacts.' },
  { name: 'ContactEdge', description: 'A contact and its cursor.' },
)

const cursors = timeCursors('contacts')

builder.queryFields(t => ({
  contact: t.field({
    type: Contact,
    nullable: true,
    description: 'One contact by id. Null if the id is unknown, malformed or of another workspace.',
    args: { id: t.arg.id({ required: true, description: 'A `ctc_` id.' }) },
    resolve: (_, { id }, { loaders }) => loaders.contact.load(id),
  }),
  contactByEmail: t.field({
    type: Contact,
    nullable: true,
    description: 'The contact with this email address, ignoring case. Null if there is none.',
    args: {
      email: t.arg.string({
        required: true,
        description:
          'Surrounding white space is ignored. The result is null if this is not an email address.',
      }),
    },
    resolve: (_, { email }, { db, actor }) => contactByEmail(db, actor.workspaceId, email),
  }),
  contacts: t.field({
    type: ContactConnection,
    description: "The workspace's contacts, newest first.",
    extensions: { weight: ({ search }: Arguments) => (search == null ? 1 : searchWeight) },
    args: {
      ...t.arg.connectionArgs(),
      search: t.arg.string({
        description: `Returns only contacts that have all of these words in their name or address. ${searchDescription}`,
      }),
    },
    resolve: async (_, args, context) => {
      const { db, actor } = context
      const page = pageOf(context, cursors, args)
      const words = wordsToSearch(args.search, 'search')
      const rows = words
        ? await searchedContacts(db, actor.workspaceId, page, words)
        : await contactPage(db, actor.workspaceId, page)
      return connection(cursors, page, rows, contact => ({ at: contact.createdAt, id: contact.id }))
    },
  }),
}))
