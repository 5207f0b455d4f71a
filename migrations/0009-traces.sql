-- Where the change of an event is in a trace, as W3C Trace Context writes it (version 00 has 55 characters); null: in none.

alter table event add column traceparent varchar(55);
