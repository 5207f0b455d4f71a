import { z } from 'zod'
import type { Writer } from '../../db/db.ts'
import { newId } from '../id.ts'
import { address, name, parse } from '../input.ts'
import { raiseRevision } from '../workspace/raise-revision.ts'

const Input = z.object({ name, email: address })

/**
 * Creates an agent and returns its id.
 * @throws Refusal INVALID_INPUT; NOT_FOUND for the workspace; an error that `explain` turns into INVALID_INPUT for an
 * address that another agent has
 */
export async function createAgent(
  writer: Writer,
  workspaceId: string,
  input: z.input<typeof Input>,
): Promise<string> {
  const { name, email } = parse(Input, input)
  const id = newId('agent')
  await raiseRevision(writer, workspaceId)
  await writer.insertInto('agent').values({ workspace_id: workspaceId, id, name, email }).execute()
  return id
}
