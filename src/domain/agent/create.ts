import { z } from 'zod'
import type { Writer } from '../../db/db.ts'
import { newId } from '../id.ts'
import { address, line, parse } from '../input.ts'
import { touchWorkspace } from '../workspace/touch.ts'

const Input = z.object({ name: line(200), email: address })

/** A new agent. Answers its id. @throws Refusal INVALID_INPUT, also for an address that another agent has. */
export async function createAgent(
  writer: Writer,
  workspaceId: string,
  input: z.input<typeof Input>,
): Promise<string> {
  const { name, email } = parse(Input, input)
  const id = newId('agent')
  await touchWorkspace(writer, workspaceId)
  await writer.insertInto('agent').values({ workspace_id: workspaceId, id, name, email }).execute()
  return id
}
