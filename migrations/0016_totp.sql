-- Authenticator apps (TOTP, RFC 6238) of users, or of accounts that the application names itself.

CREATE TABLE totp_registrations (
    environment_id  BIGINT NOT NULL REFERENCES environments (id),
    id              BIGINT NOT NULL PRIMARY KEY,
    user_id         BIGINT REFERENCES users (id) ON DELETE CASCADE,
    account_name    TEXT,            -- in place of a user
    secret_sealed   BYTEA  NOT NULL, -- under the master key
    enabled_user_id BIGINT,          -- user_id once it is enabled: one registration of a user can be
    enabled_at      BIGINT,
    expires_at      BIGINT,          -- until it is enabled
    last_step       BIGINT NOT NULL, -- of the last code taken; no code of it or of an earlier one is taken again
    tries           BIGINT NOT NULL, -- since tries_since, without a right one
    tries_since     BIGINT NOT NULL,
    created_at      BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL,
    CONSTRAINT totp_registrations_environment_id_enabled_user_id_key UNIQUE (environment_id, enabled_user_id)
);
CREATE INDEX totp_registrations_user_id_idx ON totp_registrations (user_id);
CREATE INDEX totp_registrations_expires_at_idx ON totp_registrations (expires_at);

-- Codes for a user without the app, each good for once.
CREATE TABLE totp_backup_codes (
    environment_id  BIGINT NOT NULL REFERENCES environments (id),
    registration_id BIGINT NOT NULL REFERENCES totp_registrations (id) ON DELETE CASCADE,
    code_hash       BYTEA  NOT NULL, -- SHA-256 of 80 random bits
    used_at         BIGINT,
    PRIMARY KEY (environment_id, registration_id, code_hash)
);
CREATE INDEX totp_backup_codes_registration_id_idx ON totp_backup_codes (registration_id);
