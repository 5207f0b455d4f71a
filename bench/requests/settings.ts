/** A number that the operator of the benchmark may set. */
export const settingOf = (name: string, otherwise: number) => Number(process.env[name] || otherwise)

export const turnSettings = () => ({
  turns: settingOf('TURNS', 5),
  turnMs: settingOf('TURN_SECONDS', 5) * 1_000,
  warmUpMs: settingOf('WARM_UP_SECONDS', 5) * 1_000,
})
