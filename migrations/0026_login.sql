-- Sign-ins under way: what an application asked for, and how far the person is. Rows live for a day.
CREATE TABLE sign_ins (
    environment_id BIGINT NOT NULL REFERENCES environments (id),
    id             BIGINT NOT NULL PRIMARY KEY, -- req_… of the authentication log
    browser_hash   BYTEA  NOT NULL,             -- SHA-256 of the token of the browser that began it
    client_id      BIGINT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    request        TEXT   NOT NULL,             -- JSON: what was asked for; never changes
    progress       TEXT   NOT NULL,             -- JSON: how far it is
    version        BIGINT NOT NULL,             -- of the progress: each step is taken once
    created_at     BIGINT NOT NULL,
    expires_at     BIGINT NOT NULL,
    finished_at    BIGINT
);
CREATE INDEX sign_ins_expires_at_idx ON sign_ins (expires_at);
CREATE INDEX sign_ins_client_id_idx ON sign_ins (client_id);

-- Who people are elsewhere: a connection's name for a user, from the moment that the ownership of the mailbox was proven.
CREATE TABLE identities (
    environment_id BIGINT NOT NULL REFERENCES environments (id),
    connection_id  BIGINT NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    subject        TEXT   NOT NULL,
    user_id        BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at     BIGINT NOT NULL,
    last_login_at  BIGINT NOT NULL,
    last_synced_at BIGINT,
    PRIMARY KEY (environment_id, connection_id, subject)
);
CREATE INDEX identities_connection_id_idx ON identities (connection_id);
CREATE INDEX identities_user_id_idx ON identities (user_id, environment_id);

-- How a session was authenticated for an organization.
ALTER TABLE session_organizations ADD COLUMN connection_id BIGINT; -- of connections; may be gone
ALTER TABLE session_organizations ADD COLUMN authenticated_at BIGINT;

-- The sign-in that an event is a step of.
ALTER TABLE events ADD COLUMN auth_request_id BIGINT;
CREATE INDEX events_auth_request_id_idx ON events (environment_id, auth_request_id, id) WHERE auth_request_id IS NOT NULL;
