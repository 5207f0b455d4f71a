import { type FormEvent, useState } from 'react'
import { Button, Checkbox, FieldError, Form, Input, Label, TextField } from 'react-aria-components'
import { CheckIcon, LogoIcon } from '../parts/icons.tsx'

type Props = {
  /** Why the last key was given up; null: there was none. */
  problem: string | null
  onSignIn(key: string, isKept: boolean): void
}

/** Asks for a key. */
export function SignIn({ problem, onSignIn }: Props) {
  const [key, setKey] = useState('')
  const [isKept, setIsKept] = useState(false)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    onSignIn(key.trim(), isKept)
  }
  return (
    <main className="sign-in">
      <Form className="sign-in-card" onSubmit={submit}>
        <LogoIcon />
        <h1>Sign in to the inbox</h1>
        <p className="quiet">Use an API key of your workspace. The demo prints a link that carries one.</p>
        {problem && (
          <p className="refusal" role="alert">
            {problem}
          </p>
        )}
        <TextField className="field" type="password" isRequired value={key} onChange={setKey} autoFocus>
          <Label>API key</Label>
          <Input placeholder="Paste your key" autoComplete="current-password" />
          <FieldError />
        </TextField>
        <Checkbox className="checkbox" isSelected={isKept} onChange={setIsKept}>
          <span className="checkbox-box">
            <CheckIcon />
          </span>
          Keep me signed in on this device
        </Checkbox>
        <Button className="button button-primary button-wide" type="submit">
          Sign in
        </Button>
        <p className="quiet small">
          Without the tick, the key is kept for this tab only. To explore the API, open{' '}
          <a href="/graphql">GraphiQL</a> or the <a href="/v1/docs">REST documentation</a>.
        </p>
      </Form>
    </main>
  )
}
