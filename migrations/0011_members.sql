-- People who work in the dashboard. They belong to the installation, which is one workspace, not to an environment.
CREATE TABLE dashboard_roles (
    id          BIGINT NOT NULL PRIMARY KEY,
    name        TEXT   NOT NULL,
    name_key    TEXT   NOT NULL, -- folded
    description TEXT   NOT NULL,
    permissions TEXT   NOT NULL, -- JSON list of keys
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL,
    CONSTRAINT dashboard_roles_name_key_key UNIQUE (name_key)
);

CREATE TABLE members (
    id               BIGINT NOT NULL PRIMARY KEY,
    email            TEXT   NOT NULL, -- as it was given
    email_key        TEXT   NOT NULL, -- folded
    fixed_role       TEXT, -- admin | developer | member | no_access; or
    custom_role_id   BIGINT REFERENCES dashboard_roles (id),
    profile          TEXT   NOT NULL, -- JSON object
    metadata         TEXT   NOT NULL, -- JSON object of strings
    invitation_hash  BYTEA, -- SHA-256 of the token of an invitation that is open
    invitation_until BIGINT,
    created_at       BIGINT NOT NULL,
    updated_at       BIGINT NOT NULL,
    CONSTRAINT members_email_key_key UNIQUE (email_key)
);
CREATE INDEX members_custom_role_id_idx ON members (custom_role_id);

-- Other roles of members in single environments.
CREATE TABLE member_environment_roles (
    environment_id BIGINT NOT NULL REFERENCES environments (id),
    member_id      BIGINT NOT NULL REFERENCES members (id) ON DELETE CASCADE,
    fixed_role     TEXT,
    custom_role_id BIGINT REFERENCES dashboard_roles (id),
    PRIMARY KEY (environment_id, member_id)
);
CREATE INDEX member_environment_roles_member_id_idx ON member_environment_roles (member_id);
CREATE INDEX member_environment_roles_custom_role_id_idx ON member_environment_roles (custom_role_id);
