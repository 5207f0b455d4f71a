type Open = 'sockets' | 'subscribers' | 'feeds'

/** What a gateway has open at this moment, as its metrics tell. */
export async function openNow({ url }: { url: string }): Promise<Record<Open, number>> {
  const text = await (await fetch(`${url}/metrics`)).text()
  const gauge = (kind: Open) => Number(new RegExp(`gateway_open{kind="${kind}"} (\\d+)`).exec(text)?.[1])
  return { sockets: gauge('sockets'), subscribers: gauge('subscribers'), feeds: gauge('feeds') }
}
