-- Where users came in, by a password or by a mail. What others cause by guessing does not hold there; all nodes know of it.

CREATE TABLE rpc_auth_networks (
    user_id bigint NOT NULL REFERENCES rpc_auth_users ON DELETE CASCADE,
    -- An IPv4 address, or the first 64 bits of an IPv6 one with zeros behind them.
    network inet NOT NULL,
    trusted_until timestamptz NOT NULL,
    PRIMARY KEY (user_id, network)
);

-- Those that are trusted no longer.
CREATE INDEX rpc_auth_networks_trusted_until ON rpc_auth_networks (trusted_until);
