-- Settings of environments, one row for each group of them.
CREATE TABLE environment_settings (
    environment_id BIGINT NOT NULL REFERENCES environments (id),
    name           TEXT   NOT NULL, -- session | user_management | test_users | features | branding | context
    value          TEXT   NOT NULL, -- JSON object; what it lacks has its default
    updated_at     BIGINT NOT NULL,
    PRIMARY KEY (environment_id, name)
);

-- A host under the customer's own domain. Anybody may ask for one; one environment has it, when its DNS record says so.
ALTER TABLE environments ADD COLUMN custom_domain TEXT;
ALTER TABLE environments ADD COLUMN custom_domain_status TEXT; -- INITIAL | PENDING | ACTIVE | FAILED
ALTER TABLE environments ADD COLUMN custom_domain_since BIGINT; -- when it was asked for
CREATE UNIQUE INDEX environments_custom_domain_key ON environments (custom_domain) WHERE custom_domain_status = 'ACTIVE';

-- Images and fonts of hosted pages. A row without content waits for its upload.
CREATE TABLE assets (
    environment_id BIGINT NOT NULL REFERENCES environments (id),
    id             BIGINT NOT NULL PRIMARY KEY,
    extension      TEXT   NOT NULL, -- jpg | jpeg | png | woff | woff2 | ttf
    upload_hash    BYTEA  NOT NULL, -- SHA-256 of the token of the upload's URL
    upload_until   BIGINT NOT NULL,
    content        BYTEA,
    created_at     BIGINT NOT NULL
);
CREATE INDEX assets_environment_id_idx ON assets (environment_id, upload_until);
