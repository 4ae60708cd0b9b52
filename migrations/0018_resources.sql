-- Protected resources (MCP servers and other APIs), their clients, and the consents of users. Lists are JSON.
CREATE TABLE resources (
    environment_id          BIGINT  NOT NULL REFERENCES environments (id),
    id                      BIGINT  NOT NULL PRIMARY KEY,
    type                    TEXT    NOT NULL, -- WEB | MOBILE | DESKTOP | SERVER | MCP_SERVER
    name                    TEXT    NOT NULL,
    description             TEXT    NOT NULL,
    uri                     TEXT,             -- to the letter; null: the id alone names it
    logo_uri                TEXT    NOT NULL,
    provider                TEXT    NOT NULL, -- marks a sign-in of the application's own
    access_token_seconds    BIGINT  NOT NULL,
    refresh_token_seconds   BIGINT  NOT NULL,
    registration_disabled   BOOLEAN NOT NULL, -- of clients by themselves, RFC 7591
    cimd_enabled            BOOLEAN NOT NULL, -- the URL of a client's metadata as its id
    cimd_allowlist_enabled  BOOLEAN NOT NULL,
    cimd_allowlist          TEXT    NOT NULL, -- of pairs of type and value
    xaa_enabled             BOOLEAN NOT NULL, -- assertions of an enterprise IdP
    intersect_permissions   BOOLEAN NOT NULL, -- a user's token has only scopes that the user has as permissions
    scope_selection_allowed BOOLEAN NOT NULL, -- users may leave scopes out
    connection_id           BIGINT,           -- to the application's own sign-in page
    authorize_uri           TEXT,             -- that page
    created_at              BIGINT  NOT NULL,
    updated_at              BIGINT  NOT NULL,
    CONSTRAINT resources_environment_id_uri_key UNIQUE (environment_id, uri)
);
CREATE INDEX resources_environment_id_type_idx ON resources (environment_id, type, id);

-- A scope is a permission of the environment.
CREATE TABLE resource_scopes (
    environment_id BIGINT NOT NULL REFERENCES environments (id),
    resource_id    BIGINT NOT NULL REFERENCES resources (id) ON DELETE CASCADE,
    permission_id  BIGINT NOT NULL REFERENCES permissions (id) ON DELETE CASCADE,
    PRIMARY KEY (environment_id, resource_id, permission_id)
);
CREATE INDEX resource_scopes_resource_id_idx ON resource_scopes (resource_id);
CREATE INDEX resource_scopes_permission_id_idx ON resource_scopes (permission_id);

-- Permissions that no token carries as a scope for now.
CREATE TABLE disabled_scopes (
    environment_id BIGINT NOT NULL REFERENCES environments (id),
    permission_id  BIGINT NOT NULL REFERENCES permissions (id) ON DELETE CASCADE,
    PRIMARY KEY (environment_id, permission_id)
);
CREATE INDEX disabled_scopes_permission_id_idx ON disabled_scopes (permission_id);

ALTER TABLE clients ADD COLUMN resource_id BIGINT REFERENCES resources (id) ON DELETE CASCADE;
ALTER TABLE clients ADD COLUMN registration TEXT; -- JSON, of a client that registered itself
CREATE INDEX clients_resource_id_idx ON clients (resource_id, id);

CREATE TABLE consents (
    environment_id   BIGINT NOT NULL REFERENCES environments (id),
    id               BIGINT NOT NULL PRIMARY KEY,
    resource_id      BIGINT NOT NULL REFERENCES resources (id) ON DELETE CASCADE,
    client_id        BIGINT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    external_user_id TEXT   NOT NULL, -- usr_…, or what the application's own sign-in page says
    search_key       TEXT   NOT NULL, -- it, folded
    scopes           TEXT   NOT NULL, -- of strings
    granted_at       BIGINT NOT NULL,
    CONSTRAINT consents_client_id_external_user_id_key UNIQUE (client_id, external_user_id)
);
CREATE INDEX consents_resource_id_idx ON consents (resource_id, id);
