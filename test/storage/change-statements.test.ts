import { expect, test } from 'vitest'
import { createConversation } from '../../src/domain/conversation/create.ts'
import { setConversationStatus } from '../../src/domain/conversation/set-status.ts'
import { updateConversations } from '../../src/domain/conversation/update-many.ts'
import { openDatabase } from '../support/databases.ts'
import { newWorkspace } from '../support/gateway.ts'

const counted = expect.stringMatching(/^\s*update workspace set event_seq .* returning event_seq /s)
const agentsCounted = expect.stringMatching(/^\s*insert into agent_counts /)
const oneWritten = expect.stringMatching(/^\s*insert into event .* select id, event_seq, .* from workspace /s)
const severalWritten = expect.stringMatching(/^\s*insert into event .* from workspace cross join unnest/s)

test('a change takes as few statements as its rules allow, and holds the row of the workspace for the last ones', async ({
  onTestFinished,
}) => {
  const statements: string[] = []
  const database = await openDatabase({ log: ({ query }) => void statements.push(query.sql) })
  onTestFinished(database.close)
  const { id: workspaceId, agentId } = await newWorkspace({ url: '', db: database.db })
  const actor = { workspaceId, id: agentId, keyId: 'key_none', scopes: ['write'] as const }
  const operation = { actor, db: database.reserved, announce() {} }

  const { conversation } = await createConversation(operation, {
    email: 'jane@example.com',
    contentText: 'Hello',
    idempotencyKey: 'k',
  })
  expect(statements.splice(0)).toEqual([
    'begin',
    expect.stringMatching(/^\s*delete from idempotency_key /),
    expect.stringMatching(/^\s*insert into idempotency_key /),
    expect.stringMatching(/^select .* from "channel" /),
    expect.stringMatching(/^with "locked" as \(select .* from "contact" .* for no key update\)/),
    expect.stringMatching(/^insert into "contact" /),
    expect.stringMatching(/^with "locked" as \(select .* from "contact" .* for no key update\)/),
    expect.stringMatching(/^insert into "conversation" /),
    expect.stringMatching(/^insert into "conversation_words" /),
    expect.stringMatching(/^\s*insert into word_segment_queue /),
    expect.stringMatching(/^insert into "message" /),
    counted,
    severalWritten,
    expect.stringMatching(/^update "idempotency_key" /),
    'commit',
  ])

  await setConversationStatus(operation, { conversationId: conversation.id, status: 'CLOSED' })
  expect(statements.splice(0)).toEqual([
    'begin',
    expect.stringMatching(/^with "locked" as \(select .* for update\)/),
    expect.stringMatching(/^update "conversation" /),
    counted,
    oneWritten,
    'commit',
  ])

  await updateConversations(operation, { conversationIds: [conversation.id], status: 'OPEN', agentId })
  expect(statements).toEqual([
    'begin',
    expect.stringMatching(/^\s*select .* from "?agent/s),
    expect.stringMatching(/for update/),
    expect.stringMatching(/^update "conversation" /),
    counted,
    agentsCounted,
    severalWritten,
    'commit',
  ])
})
