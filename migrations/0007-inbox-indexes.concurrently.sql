-- What is assigned to each agent. Counting takes a while, and locks nothing that others wait for. If this runs again, it
-- counts anew.
delete from agent_counts;
insert into agent_counts
  select workspace_id, assigned_to_id, count(*) filter (where status = 'OPEN'), count(*) filter (where status = 'CLOSED'),
    count(*) filter (where status = 'ARCHIVED'), count(*) filter (where status = 'OPEN' and is_unread)
  from conversation where assigned_to_id is not null group by workspace_id, assigned_to_id;

-- Indexes that give each list of an inbox in its order. They are made while the gateway serves. A list of several values
-- merges the lists of each.

create index concurrently if not exists conversation_in_status
  on conversation (workspace_id, status, is_unread, last_message_at, id);
create index concurrently if not exists conversation_of_agent
  on conversation (workspace_id, coalesce(assigned_to_id, ''), status, last_message_at, id);
create index concurrently if not exists conversation_of_channel
  on conversation (workspace_id, channel_id, status, last_message_at, id) where channel_id is not null;
create index concurrently if not exists conversation_of_source
  on conversation (workspace_id, source, status, last_message_at, id);
create index concurrently if not exists conversation_in_status_by_creation
  on conversation (workspace_id, status, created_at, id);
create index concurrently if not exists contact_words_index on contact using gin (words) with (fastupdate = off);

drop index concurrently if exists conversation_by_last_message;
drop index concurrently if exists conversation_by_status;
drop index concurrently if exists conversation_of_assignee;
drop index concurrently if exists conversation_by_created;
