import { createContext, use } from 'react'
import type { Session } from '../session.ts'

export type CurrentSession = Session & { signOut(): void }

export const SessionContext = createContext<CurrentSession | null>(null)

/** The session of the signed-in page. */
export function useSession(): CurrentSession {
  const session = use(SessionContext)
  if (!session) throw new Error('There is no session above this component.')
  return session
}

type Agent = { id: string; name: string | null | undefined; email: string; isActive: boolean }

/** Who works here. */
export type Team = {
  workspaceId: string
  /** The actor of the key. */
  viewer: { id: string; type: string; name: string | null | undefined }
  /** Whether the key may change conversations. */
  canWrite: boolean
  agents: readonly Agent[]
}

export const TeamContext = createContext<Team | null>(null)

/** The team of the workspace. */
export function useTeam(): Team {
  const team = use(TeamContext)
  if (!team) throw new Error('There is no team above this component.')
  return team
}
