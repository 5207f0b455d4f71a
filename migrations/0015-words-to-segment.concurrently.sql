-- All conversations that can be found wait for segments. It takes a while, and locks nothing that others wait for. If it
-- runs again, some wait twice, which does no harm.
insert into word_segment_queue (workspace_id, conversation_id)
  select workspace_id, conversation_id from conversation_words;
