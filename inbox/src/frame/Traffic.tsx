import { useEffect, useState } from 'react'
import { Switch } from 'react-aria-components'
import { useSession, useTeam } from './context.ts'

/** The gateway names the address in the page if it makes traffic. */
const address = document.querySelector<HTMLMetaElement>('meta[name=demo-traffic]')?.content

/** Shows on a demo whether the gateway makes traffic, and stops it. */
export function Traffic() {
  const { key } = useSession().credential
  const { canWrite } = useTeam()
  const [isRunning, setIsRunning] = useState<boolean | null>(null)
  useEffect(() => {
    if (address) void ask(address, key).then(setIsRunning)
  }, [key])
  if (!address || isRunning === null) return null
  return (
    <Switch
      className="switch"
      isSelected={isRunning}
      isDisabled={!canWrite}
      onChange={wanted => {
        setIsRunning(wanted)
        void ask(address, key, wanted).then(answer => setIsRunning(answer ?? !wanted))
      }}
    >
      <span className="switch-track" />
      Demo traffic
    </Switch>
  )
}

/** Whether traffic is made, after it was started or stopped; null if that cannot be told. */
async function ask(url: string, key: string, isRunning?: boolean): Promise<boolean | null> {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
  const wish = isRunning === undefined ? {} : { method: 'PUT', body: JSON.stringify({ isRunning }) }
  const response = await fetch(url, { headers, ...wish }).catch(() => null)
  const answer = (await response?.json().catch(() => null)) as { isRunning?: boolean } | null
  return answer?.isRunning ?? null
}
