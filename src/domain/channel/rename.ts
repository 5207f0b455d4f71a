import { z } from 'zod'
import type { Writer } from '../../db/db.ts'
import { notFound, refusal } from '../errors.ts'
import { isId } from '../id.ts'
import { name, parse } from '../input.ts'
import { raiseRevision } from '../workspace/raise-revision.ts'

const Input = z.object({ channelId: z.string(), name })

/** Gives a channel another name. @throws Refusal INVALID_INPUT, NOT_FOUND */
export async function renameChannel(
  writer: Writer,
  workspaceId: string,
  input: z.input<typeof Input>,
): Promise<string> {
  const { channelId, name } = parse(Input, input)
  if (name === null) throw refusal('INVALID_INPUT', 'name must not be empty.', 'name')
  const renamed =
    isId('channel', channelId) &&
    (await writer
      .updateTable('channel')
      .set({ name })
      .where('workspace_id', '=', workspaceId)
      .where('id', '=', channelId)
      .returning('id')
      .executeTakeFirst())
  if (!renamed) throw notFound('channel', 'channelId')
  await raiseRevision(writer, workspaceId)
  return channelId
}
