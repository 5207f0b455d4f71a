import { z } from 'zod'
import type { Writer } from '../../db/db.ts'
import { requireAgent } from '../agent/rows.ts'
import { refusal } from '../errors.ts'
import { newId } from '../id.ts'
import { name, parse } from '../input.ts'
import { raiseRevision } from '../workspace/raise-revision.ts'
import { hashOf, newSecret } from './secret.ts'

const Input = z.object({
  name,
  scopes: z
    .array(z.enum(['read', 'write'], 'must be read or write.'))
    .min(1, 'must name read, write or both.'),
  agentId: z.string().optional(),
  expiresAt: z.date('must be a time such as 2027-01-31T00:00:00Z.').optional(),
})

/** Creates a key. Its secret is returned here and never again. @throws Refusal INVALID_INPUT, NOT_FOUND */
export async function createKey(
  writer: Writer,
  workspaceId: string,
  input: z.input<typeof Input>,
): Promise<{ id: string; secret: string }> {
  const { name, scopes, agentId = null, expiresAt = null } = parse(Input, input)
  if (name === null) throw refusal('INVALID_INPUT', 'name must not be empty.', 'name')
  await raiseRevision(writer, workspaceId)
  if (agentId !== null) await requireAgent(writer, workspaceId, agentId, 'agent')
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
      agent_id: agentId,
      expires_at: expiresAt,
    })
    .execute()
  return { id, secret }
}
