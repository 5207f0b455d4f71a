-- The support inbox. Every table carries the workspace in its primary key and in every foreign key, so that
-- no row can point into another workspace. Ids compare byte by byte; times hold what a JavaScript Date holds.

create table workspace (
  id text collate "C" primary key check (id ~ '^wrk_[0-9A-Za-z]{1,60}$'),
  name text not null check (name <> ''),
  created_at timestamptz(3) not null default clock_timestamp(),
  -- The number of the newest event. Locked last in every change, so that commit order is number order.
  event_seq bigint not null default 0,
  -- Events up to this number have been deleted.
  event_floor bigint not null default 0,
  -- Until then somebody somewhere watches the log, and changes are announced.
  watched_until timestamptz(3),
  -- Rises with every committed change that a reader of this workspace can see.
  revision bigint not null default 0,
  -- What is in the inbox now, kept by every change; unread and unassigned count open conversations only.
  open_count integer not null default 0 check (open_count >= 0),
  closed_count integer not null default 0 check (closed_count >= 0),
  archived_count integer not null default 0 check (archived_count >= 0),
  unread_count integer not null default 0 check (unread_count >= 0),
  unassigned_count integer not null default 0 check (unassigned_count >= 0)
);

create table agent (
  workspace_id text collate "C" not null references workspace,
  id text collate "C" not null check (id ~ '^agt_[0-9A-Za-z]{1,60}$'),
  name text,
  email text not null,
  avatar_url text,
  created_at timestamptz(3) not null default clock_timestamp(),
  primary key (workspace_id, id)
);
create unique index agent_email on agent (workspace_id, lower(email));
create index agent_list on agent (workspace_id, created_at, id);

create table channel (
  workspace_id text collate "C" not null references workspace,
  id text collate "C" not null check (id ~ '^chn_[0-9A-Za-z]{1,60}$'),
  name text not null check (name <> ''),
  source text not null check (source in ('EMAIL', 'CHAT', 'FORM', 'API')),
  address text,
  created_at timestamptz(3) not null default clock_timestamp(),
  primary key (workspace_id, id)
);
create index channel_list on channel (workspace_id, created_at, id);

create table contact (
  workspace_id text collate "C" not null references workspace,
  id text collate "C" not null check (id ~ '^ctc_[0-9A-Za-z]{1,60}$'),
  email text not null,
  name text,
  avatar_url text,
  created_at timestamptz(3) not null default clock_timestamp(),
  primary key (workspace_id, id)
);
create unique index contact_email on contact (workspace_id, lower(email));
create index contact_list on contact (workspace_id, created_at, id);

create table api_key (
  workspace_id text collate "C" not null references workspace,
  id text collate "C" not null check (id ~ '^key_[0-9A-Za-z]{1,60}$'),
  name text not null check (name <> ''),
  -- SHA-256 of the whole key; the key itself is nowhere.
  hash bytea not null check (length(hash) = 32),
  scopes text[] not null check (scopes <@ array['read', 'write'] and cardinality(scopes) > 0),
  -- Whom the key acts as; null: itself.
  agent_id text collate "C",
  created_at timestamptz(3) not null default clock_timestamp(),
  expires_at timestamptz(3),
  revoked_at timestamptz(3),
  primary key (workspace_id, id),
  foreign key (workspace_id, agent_id) references agent
);
create unique index api_key_hash on api_key (hash);

create table conversation (
  workspace_id text collate "C" not null references workspace,
  id text collate "C" not null check (id ~ '^thd_[0-9A-Za-z]{1,60}$'),
  contact_id text collate "C" not null,
  channel_id text collate "C",
  assigned_to_id text collate "C",
  status text not null check (status in ('OPEN', 'CLOSED', 'ARCHIVED')),
  source text not null check (source in ('EMAIL', 'CHAT', 'FORM', 'API')),
  subject text,
  is_unread boolean not null,
  last_message_at timestamptz(3) not null,
  last_message_preview text not null,
  created_at timestamptz(3) not null,
  -- The time of its last change; every change takes a later one, so that times rise in commit order.
  updated_at timestamptz(3) not null,
  primary key (workspace_id, id),
  foreign key (workspace_id, contact_id) references contact,
  foreign key (workspace_id, channel_id) references channel,
  foreign key (workspace_id, assigned_to_id) references agent
);
create index conversation_by_last_message on conversation (workspace_id, last_message_at, id);
create index conversation_inbox on conversation (workspace_id, last_message_at, id) where status <> 'ARCHIVED';
create index conversation_by_status on conversation (workspace_id, status, last_message_at, id);
create index conversation_by_contact on conversation (workspace_id, contact_id, last_message_at, id);
create index conversation_by_assignee on conversation (workspace_id, assigned_to_id, last_message_at, id);
create index conversation_by_created on conversation (workspace_id, created_at, id);

create table message (
  workspace_id text collate "C" not null,
  id text collate "C" not null check (id ~ '^msg_[0-9A-Za-z]{1,60}$'),
  conversation_id text collate "C" not null,
  direction text not null check (direction in ('INBOUND', 'OUTBOUND', 'NOTE')),
  status text not null check (status in ('RECEIVED', 'QUEUED', 'SENT', 'FAILED', 'UNCONFIRMED', 'STORED')),
  text text not null,
  preview text not null,
  -- An agent, a contact or a key, by its prefix; null: the gateway.
  author_id text collate "C" check (author_id ~ '^(agt|ctc|key)_'),
  created_at timestamptz(3) not null,
  sent_at timestamptz(3),
  failure_reason text,
  -- Its Message-ID of RFC 5322 with the angle brackets, fixed before the first attempt; null where nothing is mailed.
  mail_id text collate "C",
  -- The row is the mail queue: due when next_attempt_at has passed and no lease runs. Null: nothing left to do.
  next_attempt_at timestamptz(3),
  leased_until timestamptz(3),
  lease_token uuid,
  attempts integer not null default 0 check (attempts >= 0),
  primary key (workspace_id, id),
  foreign key (workspace_id, conversation_id) references conversation
);
create index message_by_conversation on message (workspace_id, conversation_id, created_at, id);
create index message_due on message (next_attempt_at) where next_attempt_at is not null;

create table event (
  workspace_id text collate "C" not null,
  -- 1, 2, 3 … within the workspace, without holes.
  seq bigint not null check (seq > 0),
  type text not null check (type in (
    'CONVERSATION_CREATED', 'CONVERSATION_STATUS_CHANGED', 'CONVERSATION_ASSIGNED',
    'CONVERSATION_READ_STATE_CHANGED', 'MESSAGE_ADDED', 'MESSAGE_STATUS_CHANGED')),
  conversation_id text collate "C" not null,
  -- The conversation's contact, which never changes.
  contact_id text collate "C" not null,
  -- An agent, a contact or a key, by its prefix; null: the gateway.
  actor_id text collate "C" check (actor_id ~ '^(agt|ctc|key)_'),
  -- What the type adds, by ids and enumerations only: {"status": …, "previousStatus": …} and so on.
  data jsonb not null,
  created_at timestamptz(3) not null,
  primary key (workspace_id, seq),
  foreign key (workspace_id, conversation_id) references conversation
);
create index event_by_conversation on event (workspace_id, conversation_id, seq);
create index event_by_contact on event (workspace_id, contact_id, seq);
create index event_by_type on event (workspace_id, type, seq);
