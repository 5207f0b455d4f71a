-- An agent's list leaves archived conversations out, and an agent may have had very many.
create index conversation_of_assignee on conversation (workspace_id, assigned_to_id, last_message_at, id)
  where status <> 'ARCHIVED';
drop index conversation_by_assignee;
