-- Connections: the configured ways to sign in.

CREATE TABLE connections (
    environment_id       BIGINT  NOT NULL REFERENCES environments (id),
    id                   BIGINT  NOT NULL PRIMARY KEY,
    organization_id      BIGINT  REFERENCES organizations (id) ON DELETE CASCADE, -- null: the environment's
    scope                BIGINT  NOT NULL, -- organization_id or 0: makes the key unique in it
    type                 TEXT    NOT NULL, -- OIDC | SAML | OAUTH | PASSWORDLESS | WEBAUTHN
    provider             TEXT    NOT NULL, -- OKTA, …
    provider_key         TEXT    NOT NULL,
    key_id               TEXT,             -- names it in URLs
    enabled              BOOLEAN NOT NULL,
    status               TEXT    NOT NULL, -- DRAFT | IN_PROGRESS | COMPLETED; follows from the rest
    debug_enabled        BOOLEAN NOT NULL,
    ui_button_title      TEXT    NOT NULL,
    configuration_type   TEXT,             -- DISCOVERY | MANUAL
    attribute_mapping    TEXT    NOT NULL, -- JSON object of strings
    settings             TEXT    NOT NULL, -- JSON object, by type
    client_secret_sealed BYTEA,            -- under the master key
    base_url             TEXT    NOT NULL, -- of the environment when it was made
    context              TEXT    NOT NULL, -- JSON object of the set-up pages
    metadata_due_at      BIGINT,           -- when the IdP's metadata is read again
    created_at           BIGINT  NOT NULL,
    updated_at           BIGINT  NOT NULL,
    CONSTRAINT connections_environment_id_scope_key_id_key UNIQUE (environment_id, scope, key_id)
);
CREATE INDEX connections_environment_id_id_idx ON connections (environment_id, id);
CREATE INDEX connections_organization_id_idx ON connections (organization_id, id);

-- Outcomes of test sign-ins.
CREATE TABLE connection_tests (
    environment_id    BIGINT NOT NULL REFERENCES environments (id),
    id                BIGINT NOT NULL PRIMARY KEY,
    connection_id     BIGINT NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    status            TEXT   NOT NULL, -- PENDING | SUCCESS | FAILURE
    user_info         TEXT,            -- JSON object of what the IdP said
    error             TEXT,
    error_description TEXT,
    error_details     TEXT,
    created_at        BIGINT NOT NULL
);
CREATE INDEX connection_tests_connection_id_idx ON connection_tests (connection_id, id);

-- Our own certificates towards SAML identity providers.
CREATE TABLE sp_certificates (
    environment_id     BIGINT NOT NULL REFERENCES environments (id),
    id                 BIGINT NOT NULL PRIMARY KEY,
    certificate        TEXT   NOT NULL, -- PEM
    private_key_sealed BYTEA  NOT NULL, -- PKCS#8, under the master key
    created_at         BIGINT NOT NULL,
    expires_at         BIGINT NOT NULL
);
CREATE INDEX sp_certificates_environment_id_idx ON sp_certificates (environment_id, id);

-- Whose people sign in through which connection.
ALTER TABLE domains ADD COLUMN connection_id BIGINT REFERENCES connections (id) ON DELETE SET NULL;
CREATE INDEX domains_connection_id_idx ON domains (connection_id);
