import {
  BREAK,
  type DocumentNode,
  type ExecutionArgs,
  type GraphQLError,
  getOperationAST,
  visit,
} from 'graphql'
import type { Plugin } from 'graphql-yoga'
import { explain } from '../domain/errors.ts'
import { requireScope } from '../domain/operation.ts'
import type { Context } from './context.ts'
import { misunderstood, presented, refusalError } from './errors.ts'

/** Refuses, before anything runs, what the credential's scopes do not allow; subscriptions see to it themselves. */
export function useScopes(): Plugin<Context> {
  const refusalOf = ({ document, operationName, contextValue }: ExecutionArgs) => {
    const operation = getOperationAST(document, operationName)?.operation
    try {
      requireScope((contextValue as Context).actor, operation === 'mutation' ? 'write' : 'read')
      return null
    } catch (error) {
      const refusal = explain(error)
      if (!refusal) throw error
      return { errors: [refusalError(refusal)] }
    }
  }
  return {
    onExecute({ args, setResultAndStopExecution }) {
      const refused = refusalOf(args as ExecutionArgs)
      if (refused) setResultAndStopExecution(refused)
    },
  }
}

/** Makes every error of a validation or an execution fit for clients, with the request it belongs to. */
export function useErrors(): Plugin<Context> {
  return {
    onValidate:
      () =>
      ({ result, setResult }) =>
        setResult((result as readonly GraphQLError[]).map(misunderstood)),
    onExecute: ({ args }) => ({
      onExecuteDone({ result, setResult }) {
        if (!(Symbol.asyncIterator in result)) setResult(presented(result, args.contextValue))
      },
    }),
  }
}

/** Reads the workspace's row before anything else where `eventCursor` is asked for: what is read later is not older. */
export function useEventCursorFirst(): Plugin<Context> {
  const known = new WeakMap<DocumentNode, boolean>()
  return {
    async onExecute({ args }) {
      const asks = known.get(args.document) ?? asksFor('eventCursor', args.document)
      known.set(args.document, asks)
      const { loaders, actor } = args.contextValue
      if (asks) await loaders.workspace.load(actor.workspaceId)
    },
  }
}

function asksFor(field: string, document: DocumentNode): boolean {
  let found = false
  visit(document, {
    Field(node) {
      if (node.name.value !== field) return
      found = true
      return BREAK
    },
  })
  return found
}
