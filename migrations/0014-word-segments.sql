-- Bits by which two common words that rarely meet are found. Conversations are kept in segments of up to 4,096, and each
-- common word of a segment has a bit for each of them.

create table word_segment (
  workspace_id text collate "C" not null,
  id uuid not null,
  -- How many conversations it has.
  size integer not null,
  -- Whether it stays: it is large, or others were joined to it. Otherwise it will be joined with others.
  is_final boolean not null,
  primary key (workspace_id, id)
);

-- The conversations of a segment, 64 in a row: the nth one has the nth bit.
create table word_segment_part (
  workspace_id text collate "C" not null,
  segment_id uuid not null,
  number integer not null,
  conversation_ids text[] collate "C" not null,
  primary key (workspace_id, segment_id, number)
);
-- It fits a page, as an id has at most 64 characters.
alter table word_segment_part alter column conversation_ids set storage plain;

-- The words that are common in a segment. The others have no row of it.
create table word_segment_bits (
  workspace_id text collate "C" not null,
  word text collate "C" not null,
  segment_id uuid not null,
  bits bit(4096) not null,
  -- With its bits, so that those of a word lie side by side.
  primary key (workspace_id, word, segment_id) include (bits)
);
-- Compressed they would be read more slowly.
alter table word_segment_bits alter column bits set storage plain;

-- Conversations with words that no segment knows yet. One that gets several messages has several rows, so that those who
-- add messages never wait for those who make segments.
create table word_segment_queue (
  workspace_id text collate "C" not null,
  id uuid not null default gen_random_uuid(),
  conversation_id text collate "C" not null,
  primary key (workspace_id, id)
);
