const tables = 'raw_mail|agent|channel|contact|conversation|message|event|api_key|idempotency_key'
const tenantTable = new RegExp(`(?:from|join|update|into)\\s+"?(?:${tables})"?(?![\\w"])`, 'i')

/** What looks at all workspaces, and why it may. */
const unboundOnPurpose = [
  // Only the key tells which workspace it is of.
  /from "api_key" where "hash" =/,
  // Expired idempotency keys are deleted in all workspaces.
  /^\s*delete from idempotency_key/,
  // The mail queue is that of the whole database.
  /from message\s+where next_attempt_at is not null( limit \$\d\) as waiting)?$/,
]

/**
 * Whether a statement touches a table of tenants without naming a workspace. Every start of a gateway in a test watches
 * for such statements, and its close fails when there were any.
 */
export const isUnbound = (sql: string): boolean =>
  tenantTable.test(sql) &&
  !/"?workspace_id"?/.test(sql) &&
  !unboundOnPurpose.some(statement => statement.test(sql))
