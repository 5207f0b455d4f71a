type Open = 'sockets' | 'subscribers' | 'feeds'

/** What a gateway has open at this moment, as its metrics tell. */
export async function openNow({ url }: { url: string }): Promise<Record<Open, number>> {
  const text = await (await fetch(`${url}/metrics`)).text()
  const gauge = (kind: Open) => Number(new RegExp(`gateway_open{kind="${kind}"} (\\d+)`).exec(text)?.[1])
  return { sockets: gauge('sockets'), subscribers: gauge('subscribers'), feeds: gauge('feeds') }
}

/** Whether it hears of the changes of other processes. */
export async function isListening({ url }: { url: string }): Promise<boolean> {
  return /^gateway_listening{what="hints"} 1$/m.test(await (await fetch(`${url}/metrics`)).text())
}
