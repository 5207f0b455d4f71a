import { z } from 'zod'
import type { Writer } from '../../db/db.ts'
import { lockAgent, requireActive } from '../agent/lock.ts'
import { refusal } from '../errors.ts'
import { newId } from '../id.ts'
import { name, parse } from '../input.ts'
import { raiseRevision } from '../workspace/raise-revision.ts'
import { hashOf, newSecret } from './secret.ts'

const Input = z.object({
  name,
  scopes: z
    .array(z.enum(['read', 'write', 'admin'], 'must be read, write or admin.'))
    .min(1, 'must name read, write or admin.'),
  agentId: z.string().nullish(),
  expiresAt: z.date('must be a time such as 2027-01-31T00:00:00Z.').nullish(),
})

/** Creates a key. Its secret is returned here and never again. @throws Refusal INVALID_INPUT, NOT_FOUND */
export async function createKey(
  writer: Writer,
  workspaceId: string,
  input: z.input<typeof Input>,
): Promise<{ id: string; secret: string }> {
  const { name, scopes, agentId, expiresAt } = parse(Input, input)
  if (name === null) throw refusal('INVALID_INPUT', 'name must not be empty.', 'name')
  // The agent is locked before the workspace's row, as everywhere.
  const agent = agentId == null ? null : await lockAgent(writer, workspaceId, agentId)
  await raiseRevision(writer, workspaceId)
  if (agentId != null) requireActive(agent, 'agentId')
  const id = newId('apiKey')
  const secret = newSecret()
  await writer
    .insertInto('api_key')
    .values({
      workspace_id: workspaceId,
      id,
      name,
      hash: hashOf(secret),
      scopes: [...new Set(scopes)],
      agent_id: agentId ?? null,
      expires_at: expiresAt ?? null,
    })
    .execute()
  return { id, secret }
}
