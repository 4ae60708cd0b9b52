-- What a sign-in gives to a client: a code, refresh tokens after it, and what was taken back before its time.
-- A member's rows hang on the session's part in the organization: they go when the user leaves it.

CREATE TABLE authorization_codes (
    environment_id  BIGINT NOT NULL REFERENCES environments (id),
    id              BIGINT NOT NULL PRIMARY KEY, -- the refresh tokens that it gives have the same
    code_hash       BYTEA  NOT NULL, -- SHA-256
    client_id       BIGINT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    session_id      BIGINT,          -- null, as the next: the environment keeps no user of that person
    organization_id BIGINT,
    consent_id      BIGINT REFERENCES consents (id) ON DELETE CASCADE,
    granted         TEXT   NOT NULL, -- JSON
    redirect_uri    TEXT   NOT NULL,
    code_challenge  TEXT,            -- of method S256
    expires_at      BIGINT NOT NULL,
    used_at         BIGINT,
    CONSTRAINT authorization_codes_environment_id_code_hash_key UNIQUE (environment_id, code_hash),
    FOREIGN KEY (environment_id, session_id, organization_id)
        REFERENCES session_organizations (environment_id, session_id, organization_id) ON DELETE CASCADE
);
CREATE INDEX authorization_codes_session_id_idx ON authorization_codes (session_id, organization_id, environment_id);
CREATE INDEX authorization_codes_client_id_idx ON authorization_codes (client_id);
CREATE INDEX authorization_codes_consent_id_idx ON authorization_codes (consent_id);
CREATE INDEX authorization_codes_expires_at_idx ON authorization_codes (expires_at);

-- One row for a whole family: each token is derived from its seed and a number, so that every token that there ever was is
-- known again, and a refresh changes one row.
CREATE TABLE refresh_tokens (
    environment_id  BIGINT  NOT NULL REFERENCES environments (id),
    id              BIGINT  NOT NULL PRIMARY KEY, -- that of the code
    client_id       BIGINT  NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    session_id      BIGINT,  -- as above
    organization_id BIGINT,
    consent_id      BIGINT  REFERENCES consents (id) ON DELETE CASCADE,
    granted         TEXT    NOT NULL, -- JSON
    without_secret  BOOLEAN NOT NULL, -- the code was exchanged without the client's secret
    seed            BYTEA   NOT NULL,
    generation      BIGINT  NOT NULL, -- number of the token that counts
    rotated_at      BIGINT  NOT NULL, -- since when it counts
    expires_at      BIGINT  NOT NULL, -- of all of them; a session may end sooner
    FOREIGN KEY (environment_id, session_id, organization_id)
        REFERENCES session_organizations (environment_id, session_id, organization_id) ON DELETE CASCADE
);
CREATE INDEX refresh_tokens_session_id_idx ON refresh_tokens (session_id, organization_id, environment_id);
CREATE INDEX refresh_tokens_client_id_idx ON refresh_tokens (client_id);
CREATE INDEX refresh_tokens_consent_id_idx ON refresh_tokens (consent_id);
CREATE INDEX refresh_tokens_expires_at_idx ON refresh_tokens (expires_at);

-- Access tokens that are dead before they expire, for who asks here.
CREATE TABLE revoked_tokens (
    environment_id BIGINT NOT NULL REFERENCES environments (id),
    client_id      BIGINT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    holder         TEXT   NOT NULL, -- tkn_…: that one; ses_… or a subject: all that it got until then
    revoked_at     BIGINT NOT NULL,
    expires_at     BIGINT NOT NULL, -- the last of them has expired by then
    PRIMARY KEY (environment_id, client_id, holder)
);
CREATE INDEX revoked_tokens_client_id_idx ON revoked_tokens (client_id);
CREATE INDEX revoked_tokens_expires_at_idx ON revoked_tokens (expires_at);
