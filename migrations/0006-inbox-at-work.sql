-- Search, counts of each agent, deactivated agents, and keys that administer.

-- The words by which a conversation is found: those of its subject, its messages and notes, and its contact's name and
-- address. They are made in TypeScript, and begin with four characters of their workspace.
create table conversation_words (
  workspace_id text collate "C" not null,
  conversation_id text collate "C" not null,
  words tsvector not null,
  -- Whether the words of everything are in it. The words of what was written before this migration are added by a job.
  is_complete boolean not null,
  primary key (workspace_id, conversation_id),
  foreign key (workspace_id, conversation_id) references conversation
  -- A list is searched by reading its rows one after the other, so they are kept together and ready to compare.
) with (toast_tuple_target = 8160);
alter table conversation_words alter column words set storage external;
-- A list of words that wait for the index would be read by every search.
create index conversation_words_index on conversation_words using gin (words) with (fastupdate = off);

alter table contact
  -- The words of its name and its address; null: they are yet to be added.
  add column words tsvector;

alter table workspace
  -- Whether the words of all its conversations and contacts are complete.
  add column is_searchable boolean not null default true;
update workspace set is_searchable = false;

-- What is assigned to each agent now, kept by every change under the lock of the workspace's row. Nothing checks that the
-- counts are not negative: counts that a change by an older version has made wrong must not keep later changes out.
create table agent_counts (
  workspace_id text collate "C" not null,
  agent_id text collate "C" not null,
  open_count integer not null,
  closed_count integer not null,
  archived_count integer not null,
  unread_count integer not null,
  primary key (workspace_id, agent_id),
  foreign key (workspace_id, agent_id) references agent
);


alter table agent
  -- From then on nothing is assigned to it; null: it is active.
  add column deactivated_at timestamptz(3);

alter table api_key drop constraint api_key_scopes_check;
alter table api_key add constraint api_key_scopes_check
  check (scopes <@ array['read', 'write', 'admin'] and cardinality(scopes) > 0);
