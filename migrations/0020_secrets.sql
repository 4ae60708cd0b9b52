-- Secrets that sign calls to interceptors. Both sides have them: they are sealed under the master key, not hashed.
CREATE TABLE secrets (
    environment_id  BIGINT NOT NULL REFERENCES environments (id),
    id              BIGINT NOT NULL PRIMARY KEY,
    suffix          TEXT   NOT NULL, -- last four characters
    secret_sealed   BYTEA  NOT NULL,
    previous_sealed BYTEA,           -- the one before the last rotation
    previous_until  BIGINT,          -- when that one stops signing
    created_at      BIGINT NOT NULL
);
CREATE INDEX secrets_environment_id_idx ON secrets (environment_id, id);
