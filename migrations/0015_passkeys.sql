-- Passkeys: WebAuthn credentials of users.

CREATE TABLE passkeys (
    environment_id     BIGINT  NOT NULL REFERENCES environments (id),
    id                 BIGINT  NOT NULL PRIMARY KEY,
    user_id            BIGINT  NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    raw_id             BYTEA   NOT NULL, -- the credential id of WebAuthn
    verifier           TEXT    NOT NULL, -- JSON: public key, counter and what else checks an assertion
    attestation_type   TEXT    NOT NULL,
    aaguid             TEXT    NOT NULL,
    attachment         TEXT    NOT NULL, -- platform | cross-platform
    transports         TEXT    NOT NULL, -- JSON list of strings
    user_present       BOOLEAN NOT NULL,
    user_verified      BOOLEAN NOT NULL,
    backup_eligible    BOOLEAN NOT NULL,
    backup_state       BOOLEAN NOT NULL,
    display_name       TEXT,
    user_agent         TEXT    NOT NULL,
    os                 TEXT    NOT NULL,
    os_version         TEXT    NOT NULL,
    browser            TEXT    NOT NULL,
    browser_version    TEXT    NOT NULL,
    device_type        TEXT    NOT NULL,
    ip_address         TEXT    NOT NULL,
    region             TEXT    NOT NULL,
    region_subdivision TEXT    NOT NULL,
    city               TEXT    NOT NULL,
    created_at         BIGINT  NOT NULL,
    updated_at         BIGINT  NOT NULL,
    -- Of one user only, whatever the environment: an authenticator never gives the same twice.
    CONSTRAINT passkeys_raw_id_key UNIQUE (raw_id)
);
CREATE INDEX passkeys_user_id_idx ON passkeys (user_id, environment_id, id);
