import { z } from 'zod'
import type { Writer } from '../../db/db.ts'
import { refusal } from '../errors.ts'
import { isId, newId } from '../id.ts'
import { name, parse } from '../input.ts'

const Input = z.object({ id: z.string().optional(), name })

/** Creates an empty workspace and returns its id. An operator may give the id. @throws Refusal INVALID_INPUT */
export async function createWorkspace(writer: Writer, input: z.input<typeof Input>): Promise<string> {
  const { id = newId('workspace'), name } = parse(Input, input)
  if (name === null) throw refusal('INVALID_INPUT', 'name must not be empty.', 'name')
  if (!isId('workspace', id)) throw refusal('INVALID_INPUT', 'id must look like wrk_abc123.', 'id')
  await writer.insertInto('workspace').values({ id, name }).execute()
  return id
}
