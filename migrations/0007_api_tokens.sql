-- API keys of organizations and of their members: opaque, stored as hashes.

CREATE TABLE api_tokens (
    environment_id  BIGINT NOT NULL REFERENCES environments (id),
    id              BIGINT NOT NULL PRIMARY KEY,
    organization_id BIGINT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    user_id         BIGINT,          -- the member for whom it acts
    token_hash      BYTEA  NOT NULL, -- SHA-256 of 256 random bits
    suffix          TEXT   NOT NULL, -- last four characters
    description     TEXT,
    custom_claims   TEXT   NOT NULL, -- JSON object of strings
    created_at      BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL,
    expires_at      BIGINT,
    revoked_at      BIGINT,          -- for good
    CONSTRAINT api_tokens_environment_id_token_hash_key UNIQUE (environment_id, token_hash),
    -- Whoever leaves the organization takes the keys along.
    FOREIGN KEY (environment_id, organization_id, user_id)
        REFERENCES memberships (environment_id, organization_id, user_id) ON DELETE CASCADE
);
CREATE INDEX api_tokens_organization_id_idx ON api_tokens (organization_id, id);
CREATE INDEX api_tokens_user_id_idx ON api_tokens (user_id, organization_id, id);
