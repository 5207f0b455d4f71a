-- As in migration 12, for the words of conversations: the plans that are kept for searches must suit large workspaces too.

do $$
begin
  if not exists (select from pg_extension where extname = 'citus') then
    alter table conversation_words alter column workspace_id set (n_distinct = 20);
  end if;
end $$;
