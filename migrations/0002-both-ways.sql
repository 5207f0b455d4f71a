-- Messages that come in, and requests that come again.

-- A message that came in as a mail keeps that mail's Message-ID too: a mail is found by it when another one answers it
-- or reports that it bounced.
create index message_by_mail_id on message (workspace_id, mail_id) where mail_id is not null;

-- Requests with a key of their sender's: the same key of the same operation has one effect.
create table request (
  workspace_id text collate "C" not null references workspace,
  operation text collate "C" not null,
  key text collate "C" not null check (length(key) between 1 and 255),
  -- SHA-256 of what was asked; null: whatever is asked with this key is the same request.
  input_hash bytea check (length(input_hash) = 32),
  -- What came of it. Null only inside the transaction that is at it.
  conversation_id text collate "C",
  message_id text collate "C",
  event_seq bigint,
  -- From then on the key may be used anew; null: never.
  expires_at timestamptz(3),
  primary key (workspace_id, operation, key),
  foreign key (workspace_id, conversation_id) references conversation,
  foreign key (workspace_id, message_id) references message
);
create index request_by_expiry on request (expires_at) where expires_at is not null;
