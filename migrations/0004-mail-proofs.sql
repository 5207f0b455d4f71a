-- What a mail proves about its sender, and a mail queue that workspaces use in turn.

alter table workspace
  -- 256 random bits. They sign the addresses to which reports about this workspace's mail come back.
  add column mail_secret bytea not null
    default sha256((gen_random_uuid()::text || gen_random_uuid()::text || gen_random_uuid()::text)::bytea)
    check (length(mail_secret) = 32);

alter table message
  -- The mail system reported that its sender address is not authentic: DMARC failed (RFC 7489).
  add column dmarc_failed boolean not null default false,
  -- A machine wrote it (RFC 3834).
  add column is_automatic boolean not null default false;

-- Counts a conversation's automatic messages of the last hour.
create index message_automatic on message (workspace_id, conversation_id, created_at) where is_automatic;

-- The mail queue of each workspace. Its first column leads from one waiting workspace to the next.
create index message_waiting on message (workspace_id, next_attempt_at) where next_attempt_at is not null;
drop index message_due;

-- The same mail is recognised for 90 days.
update idempotency_key set expires_at = clock_timestamp() + interval '90 days' where operation = 'receive mail';
