import { useSyncExternalStore } from 'react'

/** A value that components follow. */
export type ReadableStore<Value> = { get(): Value; subscribe(onChange: () => void): () => void }

export type WritableStore<Value> = ReadableStore<Value> & { set(value: Value): void }

export function createStore<Value>(first: Value): WritableStore<Value> {
  let current = first
  const listeners = new Set<() => void>()
  return {
    get: () => current,
    set(value) {
      if (Object.is(value, current)) return
      current = value
      for (const listener of [...listeners]) listener()
    },
    subscribe(onChange) {
      listeners.add(onChange)
      return () => listeners.delete(onChange)
    },
  }
}

export const useStore = <Value>({ get, subscribe }: ReadableStore<Value>): Value =>
  useSyncExternalStore(subscribe, get)
