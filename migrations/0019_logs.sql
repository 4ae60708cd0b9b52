-- Sign-ins, each from its first request to its end. Outlives what it tells of.
CREATE TABLE auth_logs (
    environment_id      BIGINT NOT NULL REFERENCES environments (id),
    id                  BIGINT NOT NULL,
    organization_id     BIGINT,
    connection_id       BIGINT,
    connection_type     TEXT   NOT NULL,
    connection_provider TEXT   NOT NULL,
    connections         TEXT   NOT NULL, -- JSON, all that took part
    email               TEXT   NOT NULL,
    email_key           TEXT   NOT NULL, -- it, folded
    status              TEXT   NOT NULL, -- INITIATED | PENDING | SUCCESS | FAILED
    error_code          TEXT   NOT NULL, -- why it failed
    workflow            TEXT   NOT NULL,
    resource_id         TEXT   NOT NULL,
    resource_name       TEXT   NOT NULL,
    resource_type       TEXT   NOT NULL,
    client_id           TEXT   NOT NULL,
    client_name         TEXT   NOT NULL,
    client_type         TEXT   NOT NULL,
    started_at          BIGINT NOT NULL,
    PRIMARY KEY (environment_id, id)
);
CREATE INDEX auth_logs_environment_id_email_key_idx ON auth_logs (environment_id, email_key, id);
CREATE INDEX auth_logs_environment_id_client_id_idx ON auth_logs (environment_id, client_id, id);
CREATE INDEX auth_logs_environment_id_resource_id_idx ON auth_logs (environment_id, resource_id, id);

-- Where events are sent to: one stream to each provider.
CREATE TABLE log_streams (
    environment_id     BIGINT  NOT NULL REFERENCES environments (id),
    id                 BIGINT  NOT NULL PRIMARY KEY,
    provider           TEXT    NOT NULL, -- DATADOG | CROWDSTRIKE | GOOGLE_SECOPS
    display_name       TEXT    NOT NULL,
    enabled            BOOLEAN NOT NULL,
    config             TEXT    NOT NULL, -- JSON object of strings
    credential_sealed  BYTEA,            -- under the master key
    credential_hint    TEXT    NOT NULL, -- its last characters
    event_types        TEXT    NOT NULL, -- JSON list; empty: all
    created_at         BIGINT  NOT NULL,
    updated_at         BIGINT  NOT NULL,
    CONSTRAINT log_streams_environment_id_provider_key UNIQUE (environment_id, provider)
);
