import { expect, test } from 'vitest'
import { refusedByCitus } from '../support/citus/forms.ts'

test.for([
  [
    'with a as (insert into event (workspace_id) values ($1)) update workspace set name = $2 where id = $1',
    "Router planner doesn't support INSERT common table expressions.",
  ],
  [
    'with a as (select 1) insert into event (workspace_id) values ($1)',
    "Router planner doesn't support common table expressions with INSERT queries.",
  ],
  [
    'with recursive a as (select id from message where workspace_id = $1) select * from a',
    'Recursive CTEs are not yet supported in distributed queries',
  ],
  [
    'update workspace set watched_until = clock_timestamp() where id = $1',
    'functions used in UPDATE queries on distributed tables must not be VOLATILE',
  ],
  [
    'delete from event where workspace_id = $1 and seq in (select seq from event where workspace_id = $1 and created_at < clock_timestamp())',
    'functions used in UPDATE queries on distributed tables must not be VOLATILE',
  ],
  [
    'update agent set deactivated_at = coalesce(deactivated_at, statement_timestamp()) where workspace_id = $1',
    'non-IMMUTABLE functions are not allowed in CASE or COALESCE statements',
  ],
  [
    "update event set created_at = created_at - interval '1 day' where workspace_id = $1",
    'STABLE functions used in UPDATE queries cannot be called with column references',
  ],
  [
    'update contact set name = $2 where workspace_id = $1 and pg_column_size(words) > 4',
    'STABLE functions used in UPDATE queries cannot be called with column references',
  ],
  [
    'update contact set name = $2 where workspace_id = $1 returning now()',
    'non-IMMUTABLE functions are not allowed in the RETURNING clause',
  ],
  [
    'update contact set name = $2 where workspace_id = $1 returning (select 1)',
    'A RETURNING clause has no subqueries on a cluster.',
  ],
  [
    'insert into contact (workspace_id) values ($1) on conflict (workspace_id) do update set name = now()',
    'functions used in the DO UPDATE SET clause of INSERTs on distributed tables must be marked IMMUTABLE',
  ],
  [
    'insert into contact (workspace_id) values ($1) on conflict (workspace_id) do update set name = $2 where contact.created_at < now()',
    'functions used in the WHERE clause of the ON CONFLICT clause of INSERTs on distributed tables must be marked IMMUTABLE',
  ],
  [
    'insert into contact (workspace_id, name) values ($1, (select 1))',
    'subqueries are not supported within INSERT queries',
  ],
  [
    'select id from message where next_attempt_at < now() for update skip locked',
    'could not run distributed query with FOR UPDATE/SHARE commands',
  ],
  ['delete from event where workspace_id = $1 and ctid = $2', 'System columns differ between the nodes.'],
  ['select count(*) from contact', 'It asks all nodes, and is not known to.'],
  ['update contact set name = soundex(name) where workspace_id = $1', /^The function soundex has no known/],
  [
    'select * from conversation c join message m on m.conversation_id = c.id where c.workspace_id = $1',
    /^complex joins are only supported .*: m$/,
  ],
  [
    'select * from (select * from conversation where workspace_id = $1 limit 3) c left join lateral (select name from contact where contact.workspace_id = c.workspace_id) x on true',
    /^complex joins are only supported .*: contact$/,
  ],
  [
    'select * from conversation c left join contact k on k.workspace_id = $1 and k.workspace_id = c.workspace_id',
    /^complex joins are only supported .*: c$/,
  ],
  [
    'select * from message m join (select c.id from contact m join conversation c on m.workspace_id = $1 and c.workspace_id = m.workspace_id) x on m.conversation_id = x.id',
    /^complex joins are only supported .*: m$/,
  ],
  [
    'insert into event (workspace_id, seq) select workspace.id, 1 from workspace where name = $1',
    'It asks all nodes, and is not known to.',
  ],
] as const)('%s is refused', ([statement, words]) => {
  if (typeof words === 'string') expect(refusedByCitus(statement)).toBe(words)
  else expect(refusedByCitus(statement)).toMatch(words)
})

test.for([
  'begin',
  'select clock_timestamp()',
  'select "hash" from "api_key" where "hash" = $1',
  'update workspace set watched_until = statement_timestamp() where id = $1 returning event_seq',
  'insert into event (workspace_id, created_at) values ($1, clock_timestamp()) on conflict do nothing returning seq',
  'insert into event (workspace_id, seq) select workspace.id, event_seq from workspace cross join unnest($2::int[]) n where workspace.id = $1',
  'with locked as (select id from "conversation" where "workspace_id" = $1 for update) select clock_timestamp() from locked',
  'select * from conversation c join message m on m.workspace_id = c.workspace_id and m.conversation_id = c.id where c.workspace_id = $1',
  'select id from contact where workspace_id collate "default" = $1',
  'update message set status = $2 where workspace_id = $1 and id in (select id from message where workspace_id = $1 for update skip locked)',
])('%s is taken', statement => {
  expect(refusedByCitus(statement)).toBeNull()
})
