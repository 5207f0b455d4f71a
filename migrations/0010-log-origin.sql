-- The database whose commits the event logs were written by, as far as it can tell: its cluster, and its timeline, which
-- begins anew with each promotion and each recovery to a point in time. If it is another one, commits may be missing that
-- subscribers have seen. The one row is made at the first start.

create table log_origin (
  is_only boolean primary key default true check (is_only),
  system_identifier text not null,
  timeline int not null
);
