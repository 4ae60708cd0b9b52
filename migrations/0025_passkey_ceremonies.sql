-- What registering a passkey and signing in with one need between their two halves, and when that proof was last given.

CREATE TABLE passkey_ceremonies (
    environment_id BIGINT NOT NULL REFERENCES environments (id),
    challenge      BYTEA  NOT NULL, -- 32 random bytes: the ceremony's id
    user_id        BIGINT REFERENCES users (id) ON DELETE CASCADE, -- of a registration: whose; null: a sign-in
    browser_hash   BYTEA,           -- of a sign-in: SHA-256 of the browser's cookie
    email_key      TEXT,            -- of a sign-in: only passkeys of the user with this address
    state          TEXT   NOT NULL, -- JSON of webauthn-rs
    expires_at     BIGINT NOT NULL,
    PRIMARY KEY (environment_id, challenge)
);
CREATE INDEX passkey_ceremonies_expires_at_idx ON passkey_ceremonies (expires_at);
CREATE INDEX passkey_ceremonies_user_id_idx ON passkey_ceremonies (user_id);

ALTER TABLE passkeys ADD COLUMN last_used_at BIGINT;

-- When the user last proved who they are in it; zero: at its start, before this was kept.
ALTER TABLE sessions ADD COLUMN authenticated_at BIGINT NOT NULL DEFAULT 0;
