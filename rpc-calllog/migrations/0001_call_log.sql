-- Calls, their statistics, and what was written last. Text is compared and sorted by code point.

-- Rows that are written later have greater numbers, whichever day they are of.
CREATE SEQUENCE rpc_calllog_ids;

-- A partition for each day of UTC, named `rpc_calllog_calls_YYYYMMDD`, which whoever writes makes. There is no default
-- partition: with one, lists could not be read partition by partition, and a day could not be added while others write.
CREATE TABLE rpc_calllog_calls (
    id bigint NOT NULL DEFAULT nextval('rpc_calllog_ids'),
    finished timestamptz NOT NULL,
    -- In nanoseconds. The call began at `finished` less whole milliseconds of it.
    runtime bigint NOT NULL,
    status integer NOT NULL,
    accepted boolean NOT NULL,
    declined boolean NOT NULL,
    exception boolean NOT NULL,
    method text COLLATE "C" NOT NULL,
    -- Of whoever called then: no foreign key, since the log outlives them. NULL for a guest.
    user_id text COLLATE "C",
    username text COLLATE "C",
    reason text COLLATE "C" NOT NULL,
    transport text COLLATE "C" NOT NULL,
    client inet
) PARTITION BY RANGE (finished);

ALTER SEQUENCE rpc_calllog_ids OWNED BY rpc_calllog_calls.id;

-- Lists: the last first, of all methods and of one.
CREATE INDEX rpc_calllog_calls_finished ON rpc_calllog_calls (finished, id);
CREATE INDEX rpc_calllog_calls_method ON rpc_calllog_calls (method, finished, id);

-- What was counted, by length of the buckets in minutes. Rows of the present are changed several times a second: half of each
-- page stays free, so that no index is touched.
CREATE TABLE rpc_calllog_buckets (
    minutes smallint NOT NULL,
    method text COLLATE "C" NOT NULL,
    start timestamptz NOT NULL,
    requests bigint NOT NULL DEFAULT 0,
    accepted bigint NOT NULL DEFAULT 0,
    declined bigint NOT NULL DEFAULT 0,
    errors bigint NOT NULL DEFAULT 0,
    exceptions bigint NOT NULL DEFAULT 0,
    -- The sum of the run times of accepted calls, in nanoseconds.
    runtime bigint NOT NULL DEFAULT 0,
    -- Their distribution, in the form of `Sketch::to_bytes`.
    sketch bytea NOT NULL DEFAULT '',
    PRIMARY KEY (minutes, method, start)
) PARTITION BY LIST (minutes);

CREATE TABLE rpc_calllog_buckets_1 PARTITION OF rpc_calllog_buckets FOR VALUES IN (1) WITH (fillfactor = 50);
CREATE TABLE rpc_calllog_buckets_10 PARTITION OF rpc_calllog_buckets FOR VALUES IN (10) WITH (fillfactor = 50);

-- All methods within a time; what is too old.
CREATE INDEX rpc_calllog_buckets_start ON rpc_calllog_buckets (start);

-- The last batch of each process that writes.
CREATE TABLE rpc_calllog_nodes (
    -- The bits of an unsigned number.
    node bigint PRIMARY KEY,
    -- An unsigned number with its highest bit turned over, so that the order is the same.
    sequence bigint NOT NULL,
    made timestamptz NOT NULL
) WITH (fillfactor = 50);
