-- Sign-ins on their way at other people's identity providers. Rows live for minutes.

CREATE TABLE upstream_logins (
    environment_id BIGINT NOT NULL REFERENCES environments (id),
    state_hash     BYTEA  NOT NULL, -- SHA-256 of the state
    connection_id  BIGINT NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    purpose        TEXT   NOT NULL, -- LOGIN | TEST
    purpose_id     BIGINT NOT NULL, -- the sign-in, or the test; may be gone
    browser_hash   BYTEA  NOT NULL, -- SHA-256 of the token of the browser that was sent there
    used_at        BIGINT,          -- when it came back
    created_at     BIGINT NOT NULL,
    expires_at     BIGINT NOT NULL,
    PRIMARY KEY (environment_id, state_hash)
);
CREATE INDEX upstream_logins_connection_id_idx ON upstream_logins (connection_id);
CREATE INDEX upstream_logins_expires_at_idx ON upstream_logins (expires_at);
