import { createKey } from '../../domain/key/create.ts'
import { revokeKey } from '../../domain/key/revoke.ts'
import { keyPage } from '../../domain/key/rows.ts'
import { maxNameCharacters } from '../../domain/limits.ts'
import { administer, needsAdmin } from './administer.ts'
import { KeyScope } from './api-key.ts'
import { builder, type Fields } from './builder.ts'
import { connection, pageOf } from './connection.ts'
import { timeCursors } from './cursors.ts'
import { type Payload, userErrorsField } from './payload.ts'
import { ApiKey } from './refs.ts'
import { required } from './required.ts'

type KeyPayload = Payload<{ id: string; secret?: string }>

const payloadFields = (t: Fields<KeyPayload>) => ({
  apiKey: t.field({
    type: ApiKey,
    nullable: true,
    description: 'The key in its current state; null on refusal.',
    resolve: ({ id }, _, { loaders }) => (id === undefined ? null : required(loaders.apiKey.load(id), id)),
  }),
  userErrors: userErrorsField(t),
})

const CreateApiKeyPayload = builder.objectRef<KeyPayload>('CreateApiKeyPayload').implement({
  description: 'The result. On refusal only `userErrors` is set.',
  fields: t => ({
    ...payloadFields(t),
    secret: t.exposeString('secret', {
      nullable: true,
      description: 'The key itself, for `Authorization: Bearer`. It is returned only here; null on refusal.',
    }),
  }),
})

const RevokeApiKeyPayload = builder.objectRef<KeyPayload>('RevokeApiKeyPayload').implement({
  description: 'The result. On refusal only `userErrors` is set.',
  fields: payloadFields,
})

const CreateApiKeyInput = builder.inputType('CreateApiKeyInput', {
  description: 'A new key.',
  fields: t => ({
    name: t.string({
      required: true,
      description: `One line of 1 to ${maxNameCharacters} characters, otherwise INVALID_INPUT.`,
    }),
    scopes: t.field({
      type: [KeyScope],
      required: true,
      description: 'What it may do: at least one, otherwise INVALID_INPUT.',
    }),
    agentId: t.id({
      description:
        'The agent it acts for. Null or left out: itself. NOT_FOUND if it is unknown, INVALID_INPUT if it is deactivated.',
    }),
    expiresAt: t.field({ type: 'DateTime', description: 'When it ends. Null or left out: never.' }),
  }),
})

const RevokeApiKeyInput = builder.inputType('RevokeApiKeyInput', {
  description: 'The key to revoke.',
  fields: t => ({
    apiKeyId: t.id({ required: true, description: "The key's `key_` id. NOT_FOUND if it is unknown." }),
  }),
})

builder.mutationFields(t => ({
  createApiKey: t.field({
    type: CreateApiKeyPayload,
    description: `Creates a key. ${needsAdmin} \`userErrors\`: INVALID_INPUT, NOT_FOUND.`,
    extensions: { scope: 'admin' },
    args: { input: t.arg({ type: CreateApiKeyInput, required: true, description: 'The key.' }) },
    resolve: (_, { input }, context) =>
      administer(context, (writer, workspaceId) => createKey(writer, workspaceId, input)),
  }),
  revokeApiKey: t.field({
    type: RevokeApiKeyPayload,
    description: `Revokes a key for good, within 5 seconds for its open connections. Revoking it again is a no-op. ${needsAdmin} \`userErrors\`: NOT_FOUND.`,
    extensions: { scope: 'admin' },
    args: { input: t.arg({ type: RevokeApiKeyInput, required: true, description: 'The key.' }) },
    resolve: (_, { input: { apiKeyId: id } }, context) =>
      administer(context, async (writer, workspaceId) => {
        await revokeKey(writer, workspaceId, id)
        return { id }
      }),
  }),
}))

const ApiKeyConnection = builder.connectionObject(
  { type: ApiKey, name: 'ApiKeyConnection', description: 'A page of keys.' },
  { name: 'ApiKeyEdge', description: 'A key and its cursor.' },
)

const cursors = timeCursors('apiKeys')

builder.queryField('apiKeys', t =>
  t.field({
    type: ApiKeyConnection,
    description: `The workspace's keys, oldest first, also those that are revoked or have expired. ${needsAdmin}`,
    extensions: { scope: 'admin' },
    args: t.arg.connectionArgs(),
    resolve: async (_, args, context) => {
      const { db, actor } = context
      const page = pageOf(context, cursors, args)
      const rows = await keyPage(db, actor.workspaceId, page)
      return connection(cursors, page, rows, key => ({ at: key.createdAt, id: key.id }))
    },
  }),
)
