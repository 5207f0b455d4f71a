/** Where the key is kept: for this tab, or on this device. Drafts are kept in the same place. */
export type Credential = { key: string; storage: Storage }

const name = 'inbox.key'

/** The key that a link carried in its fragment, or the one kept earlier; null if there is none. */
export function findCredential(): Credential | null {
  const carried = carriedKey()
  if (carried !== null) return keepCredential(carried, sessionStorage)
  for (const storage of [sessionStorage, localStorage]) {
    const key = storage.getItem(name)
    if (key !== null) return { key, storage }
  }
  return null
}

/** The key in the fragment of the address, which is never sent to a server; null: there is none. It leaves the address. */
export function carriedKey(): string | null {
  const carried = new URLSearchParams(location.hash.slice(1)).get('key')
  if (carried !== null) history.replaceState(null, '', location.pathname + location.search)
  return carried
}

/** Keeps the key in one of the two places, and returns it. */
export function keepCredential(key: string, storage: Storage): Credential {
  forgetCredential()
  storage.setItem(name, key)
  return { key, storage }
}

/** Removes the key from this browser. Drafts stay where they are, for the next key of the same agent. */
export function forgetCredential(): void {
  sessionStorage.removeItem(name)
  localStorage.removeItem(name)
}
