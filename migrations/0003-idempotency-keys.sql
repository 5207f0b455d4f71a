-- Idempotency keys name the result of any operation by a list of ids, not only that of a message. The ids have no foreign
-- key: what they name is never deleted.

alter table request rename to idempotency_key;
alter index request_pkey rename to idempotency_key_pkey;
alter index request_by_expiry rename to idempotency_key_by_expiry;
alter table idempotency_key rename constraint request_workspace_id_fkey to idempotency_key_workspace_id_fkey;
alter table idempotency_key rename constraint request_key_check to idempotency_key_key_check;
alter table idempotency_key rename constraint request_input_hash_check to idempotency_key_input_hash_check;

alter table idempotency_key
  -- The ids of the result, as the operation lists them. Empty only inside the transaction that has claimed the key.
  add column result_ids text[] collate "C" not null default '{}';
update idempotency_key set result_ids = array[conversation_id, message_id] where conversation_id is not null;
alter table idempotency_key
  drop column conversation_id,
  drop column message_id;
