import { z } from 'zod'
import type { Writer } from '../../db/db.ts'
import { notFound, refusal } from '../errors.ts'
import { isId } from '../id.ts'
import { name, parse } from '../input.ts'
import { raiseRevision } from '../workspace/raise-revision.ts'

const Input = z.object({ agentId: z.string(), name })

/** Gives an agent another name. @throws Refusal INVALID_INPUT, NOT_FOUND */
export async function renameAgent(
  writer: Writer,
  workspaceId: string,
  input: z.input<typeof Input>,
): Promise<string> {
  const { agentId, name } = parse(Input, input)
  if (name === null) throw refusal('INVALID_INPUT', 'name must not be empty.', 'name')
  const renamed =
    isId('agent', agentId) &&
    (await writer
      .updateTable('agent')
      .set({ name })
      .where('workspace_id', '=', workspaceId)
      .where('id', '=', agentId)
      .returning('id')
      .executeTakeFirst())
  if (!renamed) throw notFound('agent', 'agentId')
  await raiseRevision(writer, workspaceId)
  return agentId
}
