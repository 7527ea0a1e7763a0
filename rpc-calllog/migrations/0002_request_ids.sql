-- The id under which other logs show a call: its caller may have chosen it, so it is a text, of at most 36 characters. NULL for
-- calls that were logged before. No row is read or written for the column.
ALTER TABLE rpc_calllog_calls ADD COLUMN request_id text COLLATE "C";
