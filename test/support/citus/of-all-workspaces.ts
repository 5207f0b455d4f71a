/** What asks all nodes, each seen on a cluster, and why it may. */
const known = [
  // The mail queue is that of the whole database.
  /busy\(workspace_id, attempts\)/,
  /from message where next_attempt_at is not null( limit \$\d\) as waiting)?$/,
  // One statement reads the revisions of all who ask at once.
  /^select id, revision from workspace where id = any\(/,
  // What has expired is deleted in all workspaces.
  /^\s*delete from (idempotency_key|raw_mail) where \(workspace_id, /,
  /^select "workspace"."id" from "workspace" inner join "event"/,
  // An operator lists all workspaces, and begins an epoch in all.
  /^select "id", "name" from "workspace"/,
  /^update "workspace" set "event_seq" = /,
  // The words of old rows are completed in one workspace after the other.
  /^select "id" from "workspace" where "is_searchable" =/,
  // So are segments of their words made.
  /^select "workspace_id" as "id" from "word_segment_queue" group by/,
]

/** Whether a statement that is bound to no workspace may ask all nodes. */
export const mayAskAllNodes = (text: string): boolean => known.some(statement => statement.test(text))
