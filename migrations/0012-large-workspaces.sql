-- A plan that is kept for all workspaces must suit the large ones. With many workspaces that have one agent each, PostgreSQL
-- expected one row of a workspace and read all its agents to find one by its id. So it plans as if there were 20 workspaces.
-- It does when it analyzes a table the next time. Citus does not take this for distributed tables, and plans on its nodes.

do $$
begin
  if not exists (select from pg_extension where extname = 'citus') then
    alter table agent alter column workspace_id set (n_distinct = 20);
    alter table channel alter column workspace_id set (n_distinct = 20);
    alter table contact alter column workspace_id set (n_distinct = 20);
    alter table conversation alter column workspace_id set (n_distinct = 20);
    alter table message alter column workspace_id set (n_distinct = 20);
    alter table event alter column workspace_id set (n_distinct = 20);
  end if;
end $$;
