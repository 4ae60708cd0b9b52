-- Users, their memberships in organizations, and the roles that they have there.

CREATE TABLE users (
    environment_id        BIGINT  NOT NULL REFERENCES environments (id),
    id                    BIGINT  NOT NULL PRIMARY KEY,
    email                 TEXT    NOT NULL, -- as it was given
    email_key             TEXT    NOT NULL, -- folded, for matching
    external_id           TEXT,
    profile_id            BIGINT  NOT NULL,
    given_name            TEXT    NOT NULL,
    family_name           TEXT    NOT NULL,
    name                  TEXT    NOT NULL,
    locale                TEXT    NOT NULL,
    phone_number          TEXT    NOT NULL,
    preferred_username    TEXT    NOT NULL,
    picture               TEXT    NOT NULL,
    gender                TEXT    NOT NULL,
    groups_json           TEXT    NOT NULL, -- JSON list of strings
    profile_metadata      TEXT    NOT NULL, -- JSON object of strings
    custom_attributes     TEXT    NOT NULL, -- JSON object of strings
    metadata              TEXT    NOT NULL, -- JSON object of strings
    email_verified        BOOLEAN NOT NULL,
    phone_number_verified BOOLEAN NOT NULL,
    search_key            TEXT    NOT NULL, -- folded e-mail, id and external id
    created_at            BIGINT  NOT NULL,
    updated_at            BIGINT  NOT NULL,
    last_login_at         BIGINT,
    CONSTRAINT users_environment_id_email_key_key UNIQUE (environment_id, email_key)
);
CREATE UNIQUE INDEX users_environment_id_external_id_key ON users (environment_id, external_id)
    WHERE external_id IS NOT NULL;
CREATE INDEX users_environment_id_id_idx ON users (environment_id, id);

-- A membership counts as long as its organization exists: every reader joins organizations. There is no foreign key to
-- them, so that deleting an organization of many members takes no longer than deleting an empty one; a job then removes
-- the memberships in small steps (docs/decisions, "Members of a deleted organization").
CREATE TABLE memberships (
    environment_id      BIGINT NOT NULL REFERENCES environments (id),
    organization_id     BIGINT NOT NULL,
    user_id             BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    status              TEXT   NOT NULL, -- ACTIVE | INACTIVE | PENDING_INVITE (expired: by expires_at, when it is read)
    metadata            TEXT   NOT NULL, -- JSON object of strings
    provisioning_method TEXT   NOT NULL, -- invitation | direct_provision | org_creator | jit_using_sso | allowed_email_domain
    created_at          BIGINT NOT NULL, -- of the membership, or of its last invitation
    joined_at           BIGINT,
    inviter_email       TEXT,
    accepted_at         BIGINT,
    invitation_id       BIGINT,          -- of the last invitation; the sealed token belongs to it
    expires_at          BIGINT,          -- of the last invitation
    resent_at           BIGINT,
    resent_count        BIGINT NOT NULL,
    invitation_hash     BYTEA,           -- SHA-256 of the link's token, while the invitation is open
    invitation_sealed   BYTEA,           -- the token under the master key, to send the same link again
    PRIMARY KEY (environment_id, organization_id, user_id)
);
CREATE UNIQUE INDEX memberships_environment_id_invitation_hash_key ON memberships (environment_id, invitation_hash)
    WHERE invitation_hash IS NOT NULL;
-- Both columns that every statement compares: with one, SQLite would rather walk the primary key of the environment.
CREATE INDEX memberships_user_id_idx ON memberships (user_id, environment_id, organization_id);

CREATE TABLE membership_roles (
    environment_id  BIGINT NOT NULL REFERENCES environments (id),
    organization_id BIGINT NOT NULL,
    user_id         BIGINT NOT NULL,
    role_id         BIGINT NOT NULL REFERENCES roles (id) ON DELETE CASCADE,
    PRIMARY KEY (environment_id, organization_id, user_id, role_id),
    FOREIGN KEY (environment_id, organization_id, user_id)
        REFERENCES memberships (environment_id, organization_id, user_id) ON DELETE CASCADE
);
CREATE INDEX membership_roles_role_id_idx ON membership_roles (role_id, environment_id, organization_id);
