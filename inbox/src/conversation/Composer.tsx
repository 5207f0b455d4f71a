import { type KeyboardEvent, useEffect, useRef, useState } from 'react'
import { Button, TextArea, TextField, ToggleButton, ToggleButtonGroup } from 'react-aria-components'
import { useRelayEnvironment } from 'react-relay/hooks.js'
import { newIdempotencyKey } from '../actions/commit.ts'
import { type Kind, write } from '../actions/write.ts'
import { useSession, useTeam } from '../frame/context.ts'
import { useToasts } from '../parts/Toasts.tsx'
import { useShortcuts } from '../shortcuts/use-shortcuts.ts'
import { type Draft, keepDraft, readDraft } from './drafts.ts'

type Props = {
  conversationId: string
  /** Whom a reply goes to. */
  to: string
}

/** Writes replies and notes. Each has a draft of its own, which survives a reload. */
export function Composer({ conversationId, to }: Props) {
  const { canWrite } = useTeam()
  const [kind, setKind] = useState<Kind>('reply')
  const input = useRef<HTMLTextAreaElement>(null)
  const [begun, setBegun] = useState(0)
  const begin = (wanted: Kind) => {
    setKind(wanted)
    setBegun(count => count + 1)
  }
  // The text of another kind has a field of its own, which is there only now.
  useEffect(() => {
    if (begun > 0) input.current?.focus()
  }, [begun])
  useShortcuts(canWrite ? { r: () => begin('reply'), n: () => begin('note') } : {})
  if (!canWrite) return <p className="composer composer-closed">This key may only read.</p>
  return (
    <div className={`composer composer-${kind}`}>
      <ToggleButtonGroup
        className="kinds"
        aria-label="What to write"
        selectionMode="single"
        disallowEmptySelection
        selectedKeys={[kind]}
        onSelectionChange={([chosen]) => begin(chosen as Kind)}
      >
        <ToggleButton id="reply" className="kind">
          Reply
        </ToggleButton>
        <ToggleButton id="note" className="kind">
          Note
        </ToggleButton>
      </ToggleButtonGroup>
      <Text
        key={`${conversationId} ${kind}`}
        kind={kind}
        conversationId={conversationId}
        to={to}
        input={input}
      />
    </div>
  )
}

type TextProps = Props & { kind: Kind; input: React.RefObject<HTMLTextAreaElement | null> }

function Text({ conversationId, kind, to, input }: TextProps) {
  const environment = useRelayEnvironment()
  const { credential, sending } = useSession()
  const { viewer } = useTeam()
  const toasts = useToasts()
  const place = [viewer.id, conversationId, kind] as const
  const [draft, setDraft] = useState<Draft>(() => {
    const kept = readDraft(credential.storage, ...place)
    return kept && !sending.has(kept.idempotencyKey) ? kept : newDraft()
  })
  const change = (next: Draft) => {
    setDraft(next)
    keepDraft(credential.storage, next, ...place)
  }
  const send = async () => {
    if (draft.text.trim() === '') return
    const { text: contentText, idempotencyKey } = draft
    sending.add(idempotencyKey)
    setDraft(newDraft())
    try {
      await write(environment, kind, { conversationId, contentText, idempotencyKey }, viewer)
      const kept = readDraft(credential.storage, ...place)
      // What was written since then is another draft.
      if (kept?.idempotencyKey === idempotencyKey)
        keepDraft(credential.storage, { ...kept, text: '' }, ...place)
    } catch (error) {
      toasts.warn(error)
      const kept = readDraft(credential.storage, ...place)
      const isSame = kept === null || kept.idempotencyKey === idempotencyKey
      // What was written since then comes behind it, and is another request.
      change(isSame ? draft : { ...newDraft(), text: `${contentText}\n\n${kept.text}` })
    } finally {
      sending.delete(idempotencyKey)
    }
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) void send()
    if (event.key === 'Escape') input.current?.blur()
  }
  return (
    <>
      <TextField
        className="composer-field"
        aria-label={kind === 'reply' ? `Reply to ${to}` : 'Note for the team'}
        maxLength={100_000}
        value={draft.text}
        onChange={text => change({ ...newDraft(), text })}
      >
        <TextArea
          ref={input}
          rows={3}
          placeholder={kind === 'reply' ? `Write to ${to}` : 'Only the team sees this'}
          onKeyDown={onKeyDown}
        />
      </TextField>
      <div className="composer-actions">
        <span className="quiet small">
          <kbd>Ctrl</kbd> <kbd>Enter</kbd>
        </span>
        <Button className="button button-primary" isDisabled={draft.text.trim() === ''} onPress={send}>
          {kind === 'reply' ? 'Send' : 'Add note'}
        </Button>
      </div>
    </>
  )
}

const newDraft = (): Draft => ({ text: '', idempotencyKey: newIdempotencyKey() })
