import { createAgent } from '../../domain/agent/create.ts'
import { renameAgent } from '../../domain/agent/rename.ts'
import { deactivateAgent } from '../../domain/conversation/deactivate-agent.ts'
import { maxNameCharacters } from '../../domain/limits.ts'
import { administer, needsAdmin } from './administer.ts'
import { builder, type Fields } from './builder.ts'
import { clearLoaders } from './context.ts'
import { cursorField, type Payload, payloadOf, userErrorsField } from './payload.ts'
import { Agent } from './refs.ts'
import { required } from './required.ts'

type AgentPayload = Payload<{ agentId: string; cursor?: string | null }>

const nameDescription = `The display name: one line of up to ${maxNameCharacters} characters.`

const payloadFields = (t: Fields<AgentPayload>) => ({
  agent: t.field({
    type: Agent,
    nullable: true,
    description: 'The agent in its current state; null on refusal.',
    resolve: ({ agentId }, _, { loaders }) =>
      agentId === undefined ? null : required(loaders.agent.load(agentId), agentId),
  }),
  userErrors: userErrorsField(t),
})

const agentPayload = (name: string) =>
  builder.objectRef<AgentPayload>(name).implement({
    description: 'The result. On refusal only `userErrors` is set.',
    fields: payloadFields,
  })

const DeactivateAgentPayload = builder.objectRef<AgentPayload>('DeactivateAgentPayload').implement({
  description: 'The result. On refusal only `userErrors` is set.',
  fields: t => ({ ...payloadFields(t), cursor: cursorField(t) }),
})

const CreateAgentInput = builder.inputType('CreateAgentInput', {
  description: 'A new agent.',
  fields: t => ({
    name: t.string({ description: `${nameDescription} Null or left out: it has none.` }),
    email: t.string({
      required: true,
      description:
        'The email address. INVALID_INPUT if another agent has it, ignoring case, also one that is deactivated.',
    }),
  }),
})

const RenameAgentInput = builder.inputType('RenameAgentInput', {
  description: 'An agent and its new name.',
  fields: t => ({
    agentId: t.id({ required: true, description: "The agent's `agt_` id. NOT_FOUND if it is unknown." }),
    name: t.string({ required: true, description: `${nameDescription} INVALID_INPUT if it is empty.` }),
  }),
})

const DeactivateAgentInput = builder.inputType('DeactivateAgentInput', {
  description: 'The agent to deactivate.',
  fields: t => ({
    agentId: t.id({ required: true, description: "The agent's `agt_` id. NOT_FOUND if it is unknown." }),
  }),
})

builder.mutationFields(t => ({
  createAgent: t.field({
    type: agentPayload('CreateAgentPayload'),
    description: `Creates an agent. ${needsAdmin} \`userErrors\`: INVALID_INPUT.`,
    extensions: { scope: 'admin' },
    args: { input: t.arg({ type: CreateAgentInput, required: true, description: 'The agent.' }) },
    resolve: (_, { input }, context) =>
      administer(context, async (writer, workspaceId) => ({
        agentId: await createAgent(writer, workspaceId, input),
      })),
  }),
  renameAgent: t.field({
    type: agentPayload('RenameAgentPayload'),
    description: `Gives an agent another name. ${needsAdmin} \`userErrors\`: INVALID_INPUT, NOT_FOUND.`,
    extensions: { scope: 'admin' },
    args: {
      input: t.arg({ type: RenameAgentInput, required: true, description: 'The agent and its name.' }),
    },
    resolve: (_, { input }, context) =>
      administer(context, async (writer, workspaceId) => ({
        agentId: await renameAgent(writer, workspaceId, input),
      })),
  }),
  deactivateAgent: t.field({
    type: DeactivateAgentPayload,
    description: `Deactivates an agent for good. In the same change all its conversations become unassigned, each with its event, and its keys are revoked. Its messages and events stay. Deactivating it again is a no-op. ${needsAdmin} \`userErrors\`: NOT_FOUND.`,
    extensions: { scope: 'admin' },
    args: { input: t.arg({ type: DeactivateAgentInput, required: true, description: 'The agent.' }) },
    resolve: (_, { input: { agentId } }, context) =>
      payloadOf(context, async () => {
        const { workspaceId, id: actorId } = context.actor
        const result = await deactivateAgent(context, { workspaceId, actorId, agentId })
        clearLoaders(context)
        return result
      }),
  }),
}))
