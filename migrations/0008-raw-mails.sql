-- The mails that messages were made from, as they arrived: what no field shows yet can be read from them later.

create table raw_mail (
  workspace_id text collate "C" not null,
  message_id text collate "C" not null,
  -- Compressed with Zstandard (RFC 8878).
  content bytea not null,
  received_at timestamptz(3) not null,
  primary key (workspace_id, message_id),
  foreign key (workspace_id, message_id) references message (workspace_id, id)
);

-- It is compressed already.
alter table raw_mail alter column content set storage external;

create index raw_mail_received on raw_mail (received_at);
