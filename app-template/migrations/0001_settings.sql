-- What administrators change while the application runs: one row, once anything was stored. Secrets are sealed by the program.

CREATE TABLE app_settings (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    app_url text,
    smtp_from text,
    smtp_hostname text,
    smtp_port integer CHECK (smtp_port BETWEEN 1 AND 65535),
    smtp_username text,
    smtp_password bytea,
    telegram_bot_name text,
    telegram_bot_key bytea,
    telegram_bot_enabled boolean NOT NULL DEFAULT false,
    telegram_signin_enabled boolean NOT NULL DEFAULT false,
    updated timestamptz NOT NULL
);
