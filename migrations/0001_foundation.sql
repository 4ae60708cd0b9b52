-- What every environment has from its first moment, and organizations.
-- Times are microseconds since 1970, UTC. JSON is text. Ids are numbers; their prefixes are in `ids.rs`.

-- Numbers of the installation, such as how many times a node has started.
CREATE TABLE installation (
    name  TEXT   NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
);

CREATE TABLE environments (
    id           BIGINT NOT NULL PRIMARY KEY,
    display_name TEXT   NOT NULL,
    scheme       TEXT   NOT NULL, -- http | https, as clients speak it
    domain       TEXT   NOT NULL, -- host[:port] of the environment URL
    type         TEXT   NOT NULL, -- PRD | DEV
    region_code  TEXT   NOT NULL, -- US | EU
    created_at   BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL,
    CONSTRAINT environments_domain_key UNIQUE (domain)
);

CREATE TABLE signing_keys (
    environment_id     BIGINT NOT NULL REFERENCES environments (id),
    id                 BIGINT NOT NULL PRIMARY KEY,
    private_key_sealed BYTEA  NOT NULL, -- PKCS#8, under the master key
    created_at         BIGINT NOT NULL,
    signs_from         BIGINT NOT NULL, -- the newest key whose time has come signs
    published_until    BIGINT           -- null: until it is superseded
);
CREATE INDEX signing_keys_environment_id_idx ON signing_keys (environment_id, signs_from);

CREATE TABLE organizations (
    environment_id            BIGINT  NOT NULL REFERENCES environments (id),
    id                        BIGINT  NOT NULL PRIMARY KEY,
    display_name              TEXT    NOT NULL,
    external_id               TEXT,
    slug                      TEXT,
    logo_url                  TEXT,
    region_code               TEXT    NOT NULL,
    metadata                  TEXT    NOT NULL, -- JSON object of strings
    search_key                TEXT    NOT NULL, -- folded name, id and external id
    sso_enabled               BOOLEAN NOT NULL,
    dir_sync_enabled          BOOLEAN NOT NULL,
    domain_verification_enabled BOOLEAN NOT NULL,
    session_policy_enabled    BOOLEAN NOT NULL,
    max_allowed_users         BIGINT,
    session_policy_source     TEXT    NOT NULL, -- APPLICATION | CUSTOM
    absolute_session_minutes  BIGINT,
    idle_session_enabled      BOOLEAN,
    idle_session_minutes      BIGINT,
    created_at                BIGINT  NOT NULL,
    updated_at                BIGINT  NOT NULL
);
-- Most have no slug, many no external id: those cost nothing.
CREATE UNIQUE INDEX organizations_environment_id_external_id_key ON organizations (environment_id, external_id)
    WHERE external_id IS NOT NULL;
CREATE UNIQUE INDEX organizations_environment_id_slug_key ON organizations (environment_id, slug) WHERE slug IS NOT NULL;
CREATE INDEX organizations_environment_id_id_idx ON organizations (environment_id, id);

CREATE TABLE permissions (
    environment_id BIGINT  NOT NULL REFERENCES environments (id),
    id             BIGINT  NOT NULL PRIMARY KEY,
    name           TEXT    NOT NULL,
    description    TEXT    NOT NULL,
    built_in       BOOLEAN NOT NULL,
    created_at     BIGINT  NOT NULL,
    updated_at     BIGINT  NOT NULL,
    CONSTRAINT permissions_environment_id_name_key UNIQUE (environment_id, name)
);

-- Roles of the environment (no organization, scope 0) and of organizations (scope: the organization's number).
CREATE TABLE roles (
    environment_id  BIGINT  NOT NULL REFERENCES environments (id),
    id              BIGINT  NOT NULL PRIMARY KEY,
    organization_id BIGINT  REFERENCES organizations (id) ON DELETE CASCADE,
    scope           BIGINT  NOT NULL, -- 0 or organization_id: makes the name unique in its scope
    name            TEXT    NOT NULL,
    display_name    TEXT    NOT NULL,
    description     TEXT    NOT NULL,
    base_role_id    BIGINT  REFERENCES roles (id), -- whose permissions it inherits
    default_creator BOOLEAN NOT NULL,
    default_member  BOOLEAN NOT NULL,
    CONSTRAINT roles_environment_id_scope_name_key UNIQUE (environment_id, scope, name)
);
CREATE INDEX roles_organization_id_idx ON roles (organization_id);
CREATE INDEX roles_base_role_id_idx ON roles (base_role_id);

CREATE TABLE role_permissions (
    environment_id BIGINT NOT NULL REFERENCES environments (id),
    role_id        BIGINT NOT NULL REFERENCES roles (id) ON DELETE CASCADE,
    permission_id  BIGINT NOT NULL REFERENCES permissions (id) ON DELETE CASCADE,
    PRIMARY KEY (environment_id, role_id, permission_id)
);
CREATE INDEX role_permissions_role_id_idx ON role_permissions (role_id);
CREATE INDEX role_permissions_permission_id_idx ON role_permissions (permission_id);

CREATE TABLE organization_branding (
    environment_id  BIGINT NOT NULL REFERENCES environments (id),
    organization_id BIGINT NOT NULL PRIMARY KEY REFERENCES organizations (id) ON DELETE CASCADE,
    source          TEXT   NOT NULL, -- ENVIRONMENT | CUSTOM
    settings        TEXT,            -- JSON object; null if none was ever saved
    updated_at      BIGINT NOT NULL
);

CREATE TABLE portal_links (
    environment_id  BIGINT NOT NULL REFERENCES environments (id),
    id              BIGINT NOT NULL PRIMARY KEY,
    organization_id BIGINT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    token_hash      BYTEA  NOT NULL, -- SHA-256
    token_sealed    BYTEA  NOT NULL, -- under the master key, to show the link again
    features        TEXT   NOT NULL, -- comma-separated; empty means all that the organization has
    created_at      BIGINT NOT NULL,
    expires_at      BIGINT NOT NULL,
    used_at         BIGINT,
    CONSTRAINT portal_links_environment_id_token_hash_key UNIQUE (environment_id, token_hash)
);
CREATE INDEX portal_links_organization_id_idx ON portal_links (organization_id, id);

-- OAuth clients: applications of the environment, and machine clients of organizations. Lists are JSON.
CREATE TABLE clients (
    environment_id            BIGINT  NOT NULL REFERENCES environments (id),
    id                        BIGINT  NOT NULL PRIMARY KEY,
    type                      TEXT    NOT NULL, -- ENV | WEB_APP | SPA | NTV | ORGANIZATION
    organization_id           BIGINT  REFERENCES organizations (id) ON DELETE CASCADE,
    name                      TEXT    NOT NULL,
    description               TEXT    NOT NULL,
    management_access         BOOLEAN NOT NULL, -- whether its tokens may call the management API
    token_lifetime_seconds    BIGINT,           -- null: the environment's
    scopes                    TEXT    NOT NULL, -- of strings
    audiences                 TEXT    NOT NULL, -- of strings
    custom_claims             TEXT    NOT NULL, -- of pairs of strings
    grant_types               TEXT    NOT NULL, -- of strings
    enforce_pkce              BOOLEAN NOT NULL,
    ip_allowlist_opted_in     BOOLEAN NOT NULL,
    ip_allowlist              TEXT    NOT NULL, -- of networks
    post_login_uris           TEXT    NOT NULL, -- of strings
    post_logout_redirect_uris TEXT    NOT NULL, -- of strings
    back_channel_logout_uris  TEXT    NOT NULL, -- of strings
    initiate_login_uri        TEXT,
    default_redirect_uri      TEXT,             -- where to without a redirect_uri; one of post_login_uris, or the initiate-login URI
    created_at                BIGINT  NOT NULL,
    updated_at                BIGINT  NOT NULL
);
CREATE INDEX clients_environment_id_type_idx ON clients (environment_id, type, id);
CREATE INDEX clients_organization_id_idx ON clients (organization_id, id);

CREATE TABLE client_secrets (
    environment_id BIGINT NOT NULL REFERENCES environments (id),
    id             BIGINT NOT NULL PRIMARY KEY,
    client_id      BIGINT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    secret_hash    BYTEA  NOT NULL, -- SHA-256 of 256 random bits
    suffix         TEXT   NOT NULL, -- last four characters
    active         BOOLEAN NOT NULL,
    created_by     TEXT,            -- a client's id, or operator
    created_at     BIGINT NOT NULL,
    updated_at     BIGINT NOT NULL,
    expires_at     BIGINT,
    last_used_at   BIGINT
);
CREATE INDEX client_secrets_client_id_idx ON client_secrets (client_id, id);

-- What happened, written in the transaction that made it so. Outlives what it tells of.
CREATE TABLE events (
    environment_id  BIGINT NOT NULL REFERENCES environments (id),
    id              BIGINT NOT NULL PRIMARY KEY,
    type            TEXT   NOT NULL,
    object          TEXT   NOT NULL,
    organization_id BIGINT,
    occurred_at     BIGINT NOT NULL,
    data            TEXT   NOT NULL, -- JSON object
    source          TEXT   NOT NULL, -- SCALEKIT | DIR_SYNC
    actor_type      TEXT   NOT NULL, -- API | HUMAN | MACHINE
    actor_id        TEXT   NOT NULL,
    ip_address      TEXT   NOT NULL,
    request_id      TEXT   NOT NULL
);
CREATE INDEX events_environment_id_id_idx ON events (environment_id, id);
CREATE INDEX events_environment_id_organization_id_idx ON events (environment_id, organization_id, id);
