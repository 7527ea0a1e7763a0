-- What nodes have cached of a user is out of date: said by the transaction that makes it so, whoever makes it, and heard by all
-- nodes once it is committed. A node that dies between a change and its own word about it leaves nobody behind who knows less.
--
-- The text is one that the bus reads, `node.number.notice`. No node has this name, so that each of them hears it; Postgres
-- delivers equal texts of one transaction once, so that a user with many rows is one notice.
CREATE FUNCTION rpc_auth_announce() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    whose bigint;
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        PERFORM pg_notify('rpc_auth_bus', 'rpc_auth.0."missed"');
        RETURN NULL;
    END IF;
    IF TG_TABLE_NAME = 'rpc_auth_users' THEN
        whose := OLD.id;
    ELSE
        whose := OLD.user_id;
    END IF;
    PERFORM pg_notify('rpc_auth_bus', format('rpc_auth.0.{"user":"%s"}', whose));
    RETURN NULL;
END
$$;

-- Of a user, what a token stands for: not the password, which is replaced by a stronger hash of the same one at times, and not
-- what is only shown. Whatever is to end the sessions removes them.
CREATE TRIGGER rpc_auth_users_changed AFTER UPDATE ON rpc_auth_users FOR EACH ROW
    WHEN ((OLD.name, OLD.enabled, OLD.permissions) IS DISTINCT FROM (NEW.name, NEW.enabled, NEW.permissions))
    EXECUTE FUNCTION rpc_auth_announce();
CREATE TRIGGER rpc_auth_users_deleted AFTER DELETE ON rpc_auth_users FOR EACH ROW EXECUTE FUNCTION rpc_auth_announce();

-- `last_used` is noted all the time and changes nothing. What has expired is over on all nodes without a word: whoever sweeps it
-- says so for their transaction.
CREATE TRIGGER rpc_auth_sessions_changed
    AFTER DELETE OR UPDATE OF user_id, hash, created ON rpc_auth_sessions FOR EACH ROW
    WHEN (current_setting('rpc_auth.sweeps', true) IS DISTINCT FROM 'on') EXECUTE FUNCTION rpc_auth_announce();
CREATE TRIGGER rpc_auth_api_tokens_changed
    AFTER DELETE OR UPDATE OF user_id, hash, enabled, permissions ON rpc_auth_api_tokens FOR EACH ROW
    EXECUTE FUNCTION rpc_auth_announce();

-- All at once, by an operator. Users cannot be removed so without what is theirs.
CREATE TRIGGER rpc_auth_sessions_truncated AFTER TRUNCATE ON rpc_auth_sessions EXECUTE FUNCTION rpc_auth_announce();
CREATE TRIGGER rpc_auth_api_tokens_truncated AFTER TRUNCATE ON rpc_auth_api_tokens EXECUTE FUNCTION rpc_auth_announce();
