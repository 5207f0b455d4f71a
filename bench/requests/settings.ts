/** A number that the operator of the benchmark may set. */
export const settingOf = (name: string, otherwise: number) => Number(process.env[name] || otherwise)

/** A server of much code gets faster for half a minute, as the engine compiles what is used. */
const warmUpSeconds = 20

export const turnSettings = () => ({
  turns: settingOf('TURNS', 5),
  turnMs: settingOf('TURN_SECONDS', 5) * 1_000,
  warmUpMs: settingOf('WARM_UP_SECONDS', warmUpSeconds) * 1_000,
})
