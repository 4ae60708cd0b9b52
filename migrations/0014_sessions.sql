-- Sessions of signed-in users, which all applications of the environment share.

CREATE TABLE sessions (
    environment_id      BIGINT NOT NULL REFERENCES environments (id),
    id                  BIGINT NOT NULL PRIMARY KEY,
    user_id             BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    token_hash          BYTEA  NOT NULL, -- SHA-256 of what the browser's cookie holds
    organization_id     BIGINT NOT NULL, -- the last active one; may be gone
    status              TEXT   NOT NULL, -- ACTIVE | EXPIRED | REVOKED | LOGOUT; ACTIVE also for what ended unnoticed
    idle_minutes        BIGINT,          -- by the policies of its organizations; null: idleness ends nothing
    created_at          BIGINT NOT NULL,
    updated_at          BIGINT NOT NULL,
    last_active_at      BIGINT NOT NULL,
    idle_expires_at     BIGINT NOT NULL, -- never after absolute_expires_at: the one time to look at
    absolute_expires_at BIGINT NOT NULL,
    ended_at            BIGINT,
    user_agent          TEXT   NOT NULL,
    os                  TEXT   NOT NULL,
    os_version          TEXT   NOT NULL,
    browser             TEXT   NOT NULL,
    browser_version     TEXT   NOT NULL,
    device_type         TEXT   NOT NULL, -- desktop | mobile | tablet | other
    ip_address          TEXT   NOT NULL,
    region              TEXT   NOT NULL, -- ISO 3166-1
    region_subdivision  TEXT   NOT NULL, -- ISO 3166-2
    city                TEXT   NOT NULL,
    latitude            TEXT   NOT NULL,
    longitude           TEXT   NOT NULL,
    CONSTRAINT sessions_environment_id_token_hash_key UNIQUE (environment_id, token_hash)
);
CREATE INDEX sessions_user_id_idx ON sessions (user_id, environment_id, id);
CREATE INDEX sessions_status_idle_expires_at_idx ON sessions (status, idle_expires_at);

-- The organizations that a session was authenticated for. Whoever leaves one takes the row along, and with it what
-- hangs on it; a session that has none left is over.
CREATE TABLE session_organizations (
    environment_id  BIGINT NOT NULL REFERENCES environments (id),
    session_id      BIGINT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    organization_id BIGINT NOT NULL,
    user_id         BIGINT NOT NULL,
    entered_at      BIGINT NOT NULL,
    PRIMARY KEY (environment_id, session_id, organization_id),
    FOREIGN KEY (environment_id, organization_id, user_id)
        REFERENCES memberships (environment_id, organization_id, user_id) ON DELETE CASCADE
);
CREATE INDEX session_organizations_session_id_idx ON session_organizations (session_id);
CREATE INDEX session_organizations_user_id_idx ON session_organizations (user_id, environment_id, session_id);

-- The applications that take part in a session, each with the organization that is active there.
CREATE TABLE session_clients (
    environment_id  BIGINT NOT NULL REFERENCES environments (id),
    session_id      BIGINT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    client_id       BIGINT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    organization_id BIGINT NOT NULL,
    user_id         BIGINT NOT NULL, -- of the session, to find the rows of several at once
    PRIMARY KEY (environment_id, session_id, client_id)
);
CREATE INDEX session_clients_session_id_idx ON session_clients (session_id);
CREATE INDEX session_clients_user_id_idx ON session_clients (user_id, environment_id, session_id);
CREATE INDEX session_clients_client_id_idx ON session_clients (client_id);
