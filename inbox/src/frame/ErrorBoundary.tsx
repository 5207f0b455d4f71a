import { Component, type ReactNode } from 'react'
import { Button } from 'react-aria-components'
import { RequestError } from '../graph/request.ts'

type Props = {
  /** Called with how often this was tried again. Relay loads a query again only if its `fetchKey` is another one. */
  children(attempt: number): ReactNode
  /** Whether the whole page failed, not a part of it. */
  isWhole?: boolean
  /** Called when somebody wants to sign in with another key; left out: this is not offered. */
  onLeave?(): void
  /** Called with an error that says that the key is wrong. */
  onUnauthenticated?(): void
}

type State = { error: Error | null; attempt: number }

/** Shows what went wrong in place of its children, and a way to try again. */
export class ErrorBoundary extends Component<Props, State> {
  override state: State = { error: null, attempt: 0 }

  static getDerivedStateFromError(error: Error) {
    return { error }
  }

  override componentDidCatch(error: Error): void {
    if (error instanceof RequestError && error.code === 'UNAUTHENTICATED') this.props.onUnauthenticated?.()
  }

  override render(): ReactNode {
    const { error } = this.state
    if (!error) return this.props.children(this.state.attempt)
    return (
      <div className={this.props.isWhole ? 'problem problem-whole' : 'problem'} role="alert">
        <h2>{titleOf(error)}</h2>
        <p>{error.message}</p>
        <Button
          className="button"
          onPress={() => this.setState(({ attempt }) => ({ error: null, attempt: attempt + 1 }))}
        >
          Try again
        </Button>
        {this.props.onLeave && (
          <Button className="button" onPress={this.props.onLeave}>
            Use another key
          </Button>
        )}
      </div>
    )
  }
}

function titleOf(error: Error): string {
  if (!(error instanceof RequestError)) return 'Something went wrong'
  if (error.code === 'UNREACHABLE') return 'No connection'
  if (error.code === 'FORBIDDEN') return 'This key may not read'
  return 'This could not be loaded'
}
