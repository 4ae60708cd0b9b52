-- How an environment sends mails, if not as the installation does.

-- The sender's name with the installation's server.
CREATE TABLE email_senders (
    environment_id BIGINT NOT NULL PRIMARY KEY REFERENCES environments (id),
    from_name      TEXT   NOT NULL,
    updated_at     BIGINT NOT NULL
);

CREATE TABLE email_servers (
    environment_id  BIGINT  NOT NULL REFERENCES environments (id),
    id              BIGINT  NOT NULL PRIMARY KEY,
    provider        TEXT    NOT NULL, -- SENDGRID | POSTMARK | OTHER
    host            TEXT    NOT NULL,
    port            BIGINT  NOT NULL,
    username        TEXT    NOT NULL,
    password_sealed BYTEA   NOT NULL, -- under the master key
    from_email      TEXT    NOT NULL,
    from_name       TEXT    NOT NULL,
    enabled         BOOLEAN NOT NULL,
    created_at      BIGINT  NOT NULL,
    updated_at      BIGINT  NOT NULL
);
CREATE INDEX email_servers_environment_id_id_idx ON email_servers (environment_id, id);
CREATE UNIQUE INDEX email_servers_environment_id_key ON email_servers (environment_id) WHERE enabled;

-- Templates of the environment (no organization, scope 0) and of organizations (scope: the organization's number).
CREATE TABLE email_templates (
    environment_id  BIGINT  NOT NULL REFERENCES environments (id),
    id              BIGINT  NOT NULL PRIMARY KEY,
    organization_id BIGINT  REFERENCES organizations (id) ON DELETE CASCADE,
    scope           BIGINT  NOT NULL,
    use_case        TEXT    NOT NULL, -- USER_INVITE …
    subject         TEXT    NOT NULL,
    html_content    TEXT    NOT NULL,
    plain_content   TEXT    NOT NULL,
    enabled         BOOLEAN NOT NULL,
    created_at      BIGINT  NOT NULL,
    updated_at      BIGINT  NOT NULL
);
CREATE INDEX email_templates_environment_id_scope_id_idx ON email_templates (environment_id, scope, id);
CREATE INDEX email_templates_organization_id_idx ON email_templates (organization_id);
CREATE UNIQUE INDEX email_templates_environment_id_scope_use_case_key
    ON email_templates (environment_id, scope, use_case) WHERE enabled;

-- Whose templates win.
ALTER TABLE mails ADD COLUMN organization_id BIGINT;
