import { Suspense, startTransition, useEffect, useState } from 'react'
import { RelayEnvironmentProvider } from 'react-relay/hooks.js'
import {
  type Credential,
  carriedKey,
  findCredential,
  forgetCredential,
  keepCredential,
} from '../credential.ts'
import { askForList } from '../list/ask-for-list.ts'
import { useStore } from '../parts/store.ts'
import { placeNow } from '../place.ts'
import { createSession, type Session } from '../session.ts'
import { SessionContext } from './context.ts'
import { ErrorBoundary } from './ErrorBoundary.tsx'
import { Inbox } from './Inbox.tsx'
import { LoadingInbox } from './LoadingInbox.tsx'
import { SignIn } from './SignIn.tsx'

/** The sign-in page, or the inbox of the key. */
export function App() {
  const [credential, setCredential] = useState(findCredential)
  const [problem, setProblem] = useState<string | null>(null)
  const end = (reason: string | null) => {
    forgetCredential()
    setProblem(reason)
    setCredential(null)
  }
  // A link with a key that is pasted into an open page changes only the fragment, which loads nothing.
  useEffect(() => {
    const onLink = () => {
      const carried = carriedKey()
      if (carried !== null) setCredential(keepCredential(carried, sessionStorage))
    }
    addEventListener('hashchange', onLink)
    return () => removeEventListener('hashchange', onLink)
  }, [])
  if (!credential)
    return (
      <SignIn
        problem={problem}
        onSignIn={(key, isKept) => {
          setProblem(null)
          setCredential(keepCredential(key, isKept ? localStorage : sessionStorage))
        }}
      />
    )
  return <SignedIn key={credential.key} credential={credential} onEnd={end} />
}

type SignedInProps = { credential: Credential; onEnd(reason: string | null): void }

function SignedIn({ credential, onEnd }: SignedInProps) {
  const [session, setSession] = useState<Session | null>(null)
  // biome-ignore lint/correctness/useExhaustiveDependencies: a session belongs to its key, and ends with it.
  useEffect(() => {
    const opened = createSession(credential, () => onEnd('This key is not valid any more.'))
    askForList(opened.environment, placeNow())
    // A transition keeps what is shown until the page has its answers. React would show a fallback for 300 ms at least.
    startTransition(() => setSession(opened))
    return opened.end
  }, [credential])
  return (
    <Suspense fallback={<LoadingInbox />}>
      {session ? <Generation session={session} onEnd={onEnd} /> : <LoadingInbox />}
    </Suspense>
  )
}

/** Everything is read again when the generation rises. */
function Generation({ session, onEnd }: { session: Session; onEnd: SignedInProps['onEnd'] }) {
  const generation = useStore(session.generation)
  return (
    <RelayEnvironmentProvider environment={session.environment}>
      <SessionContext value={{ ...session, signOut: () => onEnd(null) }}>
        <ErrorBoundary
          key={generation}
          isWhole
          onLeave={() => onEnd(null)}
          onUnauthenticated={() => onEnd('This key is not valid.')}
        >
          {attempt => <Inbox fetchKey={`${generation} ${attempt}`} />}
        </ErrorBoundary>
      </SessionContext>
    </RelayEnvironmentProvider>
  )
}
