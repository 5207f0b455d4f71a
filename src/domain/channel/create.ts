import { z } from 'zod'
import type { Writer } from '../../db/db.ts'
import { refusal } from '../errors.ts'
import { newId } from '../id.ts'
import { address, name, parse } from '../input.ts'
import { raiseRevision } from '../workspace/raise-revision.ts'
import { source } from './sources.ts'

const Input = z.object({
  name,
  source,
  address: address.nullish(),
})

/**
 * Creates a channel and returns its id. An EMAIL channel needs the address its mail is sent from.
 * @throws Refusal INVALID_INPUT; NOT_FOUND for the workspace
 */
export async function createChannel(
  writer: Writer,
  workspaceId: string,
  input: z.input<typeof Input>,
): Promise<string> {
  const { name, source, address = null } = parse(Input, input)
  if (name === null) throw refusal('INVALID_INPUT', 'name must not be empty.', 'name')
  if (source === 'EMAIL' && address === null)
    throw refusal('INVALID_INPUT', 'address must be given for an EMAIL channel.', 'address')
  const id = newId('channel')
  await raiseRevision(writer, workspaceId)
  await writer
    .insertInto('channel')
    .values({ workspace_id: workspaceId, id, name, source, address })
    .execute()
  return id
}
