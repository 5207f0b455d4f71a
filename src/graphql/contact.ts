import { contactByEmail, contactPage } from '../domain/contact/rows.ts'
import { Actor } from './actor.ts'
import { builder } from './builder.ts'
import { connection, keyCursors, pageOf } from './connection.ts'
import { ConversationConnection, listArgs, nestedConversations } from './conversation-list.ts'
import { Node } from './node.ts'
import { Contact } from './refs.ts'

Contact.implement({
  description: 'A person outside who writes to the team, or to whom the team writes.',
  interfaces: [Node, Actor],
  fields: t => ({
    email: t.exposeString('email', {
      description:
        'A contact always has an address; compared without regard to case, shown as first written.',
    }),
    avatarUrl: t.exposeString('avatarUrl', {
      nullable: true,
      description: 'A picture; null when there is none.',
    }),
    createdAt: t.expose('createdAt', {
      type: 'DateTime',
      description: 'When the team first heard of this person.',
    }),
    conversations: t.field({
      type: ConversationConnection,
      description:
        "The contact's whole history, of every status; by default those whose last message is newest first.",
      args: listArgs,
      resolve: (contact, args, context) => nestedConversations(context, 'contact_id', contact.id, args),
    }),
  }),
})

const ContactConnection = builder.connectionObject(
  { type: Contact, name: 'ContactConnection', description: 'A page of contacts.' },
  { name: 'ContactEdge', description: 'A contact and its place in the list.' },
)

const cursors = keyCursors('contacts')

builder.queryFields(t => ({
  contact: t.field({
    type: Contact,
    nullable: true,
    description: 'One contact; null when the id is unknown, malformed or of another workspace.',
    args: { id: t.arg.id({ required: true, description: 'A ctc_ id.' }) },
    resolve: (_, { id }, { loaders }) => loaders.contact.load(id),
  }),
  contactByEmail: t.field({
    type: Contact,
    nullable: true,
    description: 'The contact with this address, whatever its case; null when nobody has it.',
    args: {
      email: t.arg.string({
        required: true,
        description: 'White space around it is ignored; a text that is no address finds nobody.',
      }),
    },
    resolve: (_, { email }, { db, actor }) => contactByEmail(db, actor.workspaceId, email),
  }),
  contacts: t.field({
    type: ContactConnection,
    description: 'Everyone the team has been in touch with, newest first.',
    args: t.arg.connectionArgs(),
    resolve: async (_, args, { db, actor }) => {
      const page = pageOf(cursors, args)
      const rows = await contactPage(db, actor.workspaceId, page)
      return connection(cursors, page, rows, contact => ({ at: contact.createdAt, id: contact.id }))
    },
  }),
}))
