/** What is to be closed, with a name for the log. */
export type ClosingStep = readonly [name: string, close: () => Promise<unknown> | unknown]

/**
 * Closes one group of steps after the other; the steps of a group are closed at once. A step that fails does not keep the
 * others from being closed. @throws AggregateError at the end, with what failed under its name
 */
export async function closeInOrder(groups: readonly (readonly ClosingStep[])[]): Promise<void> {
  const failures: Error[] = []
  for (const steps of groups)
    await Promise.all(
      steps.map(async ([name, close]) => {
        try {
          await close()
        } catch (cause) {
          failures.push(new Error(`${name} could not be closed.`, { cause }))
        }
      }),
    )
  if (failures.length > 0)
    throw new AggregateError(failures, failures.map(({ message }) => message).join(' '))
}
