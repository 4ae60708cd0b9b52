-- Sign-ins that an application finishes on a login page of its own, while its user is there. Rows live for minutes.

CREATE TABLE login_requests (
    environment_id      BIGINT  NOT NULL REFERENCES environments (id),
    id                  BIGINT  NOT NULL PRIMARY KEY,
    auth_request_id     BIGINT  NOT NULL, -- the sign-in that it belongs to
    connection_id       BIGINT  NOT NULL, -- the connection that stands for the login page
    state_hash          BYTEA   NOT NULL, -- SHA-256 of what the browser brings back
    client_id           BIGINT  NOT NULL, -- of clients; may be gone
    sk_client_id        TEXT    NOT NULL, -- the same, as it is shown
    requested_client_id TEXT    NOT NULL, -- as the request for authorization had it
    is_dcr              BOOLEAN NOT NULL,
    is_cimd             BOOLEAN NOT NULL,
    scopes              TEXT    NOT NULL, -- JSON list of strings
    resource_id         TEXT    NOT NULL,
    resource_name       TEXT    NOT NULL,
    report              TEXT,             -- JSON: what the application said of the user, once
    used_at             BIGINT,           -- when the browser came back
    created_at          BIGINT  NOT NULL,
    expires_at          BIGINT  NOT NULL,
    CONSTRAINT login_requests_environment_id_state_hash_key UNIQUE (environment_id, state_hash)
);
CREATE INDEX login_requests_expires_at_idx ON login_requests (expires_at);
