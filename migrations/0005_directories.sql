-- Directories of organizations, and what their providers keep in them.

CREATE TABLE directories (
    environment_id     BIGINT  NOT NULL REFERENCES environments (id),
    id                 BIGINT  NOT NULL PRIMARY KEY,
    organization_id    BIGINT  NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    name               TEXT    NOT NULL,
    type               TEXT    NOT NULL, -- SCIM | LDAP | POLL
    provider           TEXT    NOT NULL, -- OKTA, …; empty for any other
    enabled            BOOLEAN NOT NULL,
    status             TEXT    NOT NULL, -- DRAFT | IN_PROGRESS | COMPLETED
    email              TEXT    NOT NULL, -- account with which it is polled
    tracked_groups     TEXT,             -- JSON list of the provider's groups that are polled; null: all
    attribute_mappings TEXT    NOT NULL, -- JSON list
    context            TEXT    NOT NULL, -- JSON object of the set-up pages
    total_users        BIGINT  NOT NULL, -- kept with directory_users: counting a million takes too long
    total_groups       BIGINT  NOT NULL,
    user_updated_at    BIGINT,
    group_updated_at   BIGINT,
    last_synced_at     BIGINT,
    created_at         BIGINT  NOT NULL,
    updated_at         BIGINT  NOT NULL
);
CREATE INDEX directories_organization_id_idx ON directories (organization_id, id);

CREATE TABLE directory_secrets (
    environment_id BIGINT  NOT NULL REFERENCES environments (id),
    id             BIGINT  NOT NULL PRIMARY KEY,
    directory_id   BIGINT  NOT NULL REFERENCES directories (id) ON DELETE CASCADE,
    secret_hash    BYTEA   NOT NULL, -- SHA-256 of 256 random bits
    suffix         TEXT    NOT NULL, -- last four characters
    active         BOOLEAN NOT NULL,
    created_at     BIGINT  NOT NULL,
    expires_at     BIGINT  NOT NULL,
    last_used_at   BIGINT,
    CONSTRAINT directory_secrets_environment_id_secret_hash_key UNIQUE (environment_id, secret_hash)
);
CREATE INDEX directory_secrets_directory_id_idx ON directory_secrets (directory_id, id);

CREATE TABLE directory_users (
    environment_id     BIGINT  NOT NULL REFERENCES environments (id),
    id                 BIGINT  NOT NULL PRIMARY KEY,
    directory_id       BIGINT  NOT NULL REFERENCES directories (id) ON DELETE CASCADE,
    external_id        TEXT,             -- the provider's
    user_name_key      TEXT    NOT NULL, -- SCIM's userName, folded
    email              TEXT    NOT NULL,
    preferred_username TEXT    NOT NULL,
    given_name         TEXT    NOT NULL,
    family_name        TEXT    NOT NULL,
    emails             TEXT    NOT NULL, -- JSON list of strings
    active             BOOLEAN NOT NULL,
    detail             TEXT    NOT NULL, -- JSON object: all that the provider sent
    created_at         BIGINT  NOT NULL,
    updated_at         BIGINT  NOT NULL,
    CONSTRAINT directory_users_environment_id_directory_id_user_name_key_key UNIQUE (environment_id, directory_id, user_name_key)
);
CREATE INDEX directory_users_directory_id_idx ON directory_users (directory_id, id);
CREATE INDEX directory_users_directory_id_updated_at_idx ON directory_users (directory_id, updated_at);
CREATE INDEX directory_users_directory_id_external_id_idx ON directory_users (directory_id, external_id);

CREATE TABLE directory_groups (
    environment_id BIGINT NOT NULL REFERENCES environments (id),
    id             BIGINT NOT NULL PRIMARY KEY,
    directory_id   BIGINT NOT NULL REFERENCES directories (id) ON DELETE CASCADE,
    external_id    TEXT,            -- the provider's
    display_name   TEXT   NOT NULL,
    detail         TEXT   NOT NULL, -- JSON object: all that the provider sent
    role_id        BIGINT REFERENCES roles (id) ON DELETE SET NULL, -- that its members get
    total_users    BIGINT NOT NULL, -- kept with directory_group_members
    created_at     BIGINT NOT NULL,
    updated_at     BIGINT NOT NULL,
    CONSTRAINT directory_groups_environment_id_directory_id_external_id_key UNIQUE (environment_id, directory_id, external_id)
);
CREATE INDEX directory_groups_directory_id_idx ON directory_groups (directory_id, id);
CREATE INDEX directory_groups_directory_id_updated_at_idx ON directory_groups (directory_id, updated_at);
CREATE INDEX directory_groups_role_id_idx ON directory_groups (role_id);

CREATE TABLE directory_group_members (
    environment_id BIGINT NOT NULL REFERENCES environments (id),
    group_id       BIGINT NOT NULL REFERENCES directory_groups (id) ON DELETE CASCADE,
    user_id        BIGINT NOT NULL REFERENCES directory_users (id) ON DELETE CASCADE,
    PRIMARY KEY (environment_id, group_id, user_id)
);
CREATE INDEX directory_group_members_group_id_idx ON directory_group_members (group_id, user_id);
CREATE INDEX directory_group_members_user_id_idx ON directory_group_members (user_id, group_id);
