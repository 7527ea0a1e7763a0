-- Notices between nodes that are too long for NOTIFY, kept until every node had time to read them. A crash loses them, as it
-- loses all notices.

CREATE UNLOGGED TABLE rpc_auth_notices (
    node text COLLATE "C" NOT NULL,
    -- Its number among the notices of the node.
    number bigint NOT NULL,
    content text COLLATE "C" NOT NULL,
    created timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (node, number)
);

-- The oldest, which are swept.
CREATE INDEX rpc_auth_notices_created ON rpc_auth_notices (created);
