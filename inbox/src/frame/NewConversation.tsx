import { type FormEvent, useState } from 'react'
import { Button, FieldError, Form, Input, Label, TextArea, TextField } from 'react-aria-components'
import { useRelayEnvironment } from 'react-relay/hooks.js'
import { newIdempotencyKey } from '../actions/commit.ts'
import { createConversation } from '../actions/write.ts'
import { RequestError } from '../graph/request.ts'
import { Sheet } from '../parts/Sheet.tsx'
import { go } from '../place.ts'
import { useSession, useTeam } from './context.ts'

type Props = { isOpen: boolean; onClose(): void }

/** Writes the first message of a new conversation, and opens it. */
export function NewConversation(props: Props) {
  return (
    <Sheet title="New conversation" {...props}>
      <NewConversationForm onClose={props.onClose} />
    </Sheet>
  )
}

/** What was written and not sent survives that the sheet is closed, and a reload. */
const draftName = (viewerId: string) => `inbox.draft.${viewerId}.new`

const noText = { email: '', name: '', subject: '', contentText: '' }

function NewConversationForm({ onClose }: { onClose(): void }) {
  const environment = useRelayEnvironment()
  const { canWrite, viewer } = useTeam()
  const { credential } = useSession()
  const [text, setText] = useState<typeof noText>(
    () => JSON.parse(credential.storage.getItem(draftName(viewer.id)) ?? 'null') ?? noText,
  )
  // A retry of the same text is the same request.
  const [idempotencyKey, setIdempotencyKey] = useState(newIdempotencyKey)
  const [problem, setProblem] = useState<string | null>(null)
  const [isSending, setIsSending] = useState(false)
  const change = (name: keyof typeof noText) => (value: string) => {
    setText({ ...text, [name]: value })
    credential.storage.setItem(draftName(viewer.id), JSON.stringify({ ...text, [name]: value }))
    setIdempotencyKey(newIdempotencyKey())
  }
  const send = async (event: FormEvent) => {
    event.preventDefault()
    setIsSending(true)
    try {
      const { email, name, subject, contentText } = text
      const conversation = await createConversation(environment, {
        email,
        name: name.trim() || null,
        subject: subject.trim() || null,
        contentText,
        idempotencyKey,
      })
      credential.storage.removeItem(draftName(viewer.id))
      onClose()
      go({ conversation: conversation ?? null, scope: 'all', status: 'OPEN', search: '' })
    } catch (error) {
      setProblem(error instanceof RequestError ? error.message : String(error))
    } finally {
      setIsSending(false)
    }
  }
  if (!canWrite) return <p className="quiet">This key may only read.</p>
  return (
    <Form className="new-conversation" onSubmit={send}>
      <TextField
        className="field"
        type="email"
        isRequired
        autoFocus
        value={text.email}
        onChange={change('email')}
      >
        <Label>To</Label>
        <Input placeholder="jane@example.com" />
        <FieldError />
      </TextField>
      <TextField className="field" maxLength={200} value={text.name} onChange={change('name')}>
        <Label>Name</Label>
        <Input placeholder="Optional" />
      </TextField>
      <TextField className="field" maxLength={998} value={text.subject} onChange={change('subject')}>
        <Label>Subject</Label>
        <Input placeholder="Optional" />
      </TextField>
      <TextField
        className="field"
        isRequired
        maxLength={100_000}
        value={text.contentText}
        onChange={change('contentText')}
      >
        <Label>Message</Label>
        <TextArea rows={7} />
        <FieldError />
      </TextField>
      {problem && (
        <p className="refusal" role="alert">
          {problem}
        </p>
      )}
      <div className="form-actions">
        <Button className="button" onPress={onClose}>
          Cancel
        </Button>
        <Button className="button button-primary" type="submit" isDisabled={isSending}>
          {isSending ? 'Sending…' : 'Send'}
        </Button>
      </div>
    </Form>
  )
}
