-- Work to be done after a commit: written in the transaction of the change that wants it, deleted when it is done.
CREATE TABLE jobs (
    environment_id BIGINT REFERENCES environments (id), -- null: of the installation
    id             BIGINT NOT NULL PRIMARY KEY,
    name           TEXT   NOT NULL,
    payload        TEXT   NOT NULL, -- JSON: ids, never secrets or whole records
    periodic       BOOLEAN,         -- true: comes again after its interval, one row for all nodes; null: once
    due_at         BIGINT,          -- when it may be taken; while a node works on it, the end of its lease; null: given up
    attempts       BIGINT NOT NULL, -- since it last succeeded
    give_up_at     BIGINT NOT NULL, -- an attempt that fails after this is the last
    last_error     TEXT,
    given_up_at    BIGINT,
    created_at     BIGINT NOT NULL
);
CREATE UNIQUE INDEX jobs_periodic_name_key ON jobs (periodic, name) WHERE periodic IS NOT NULL;
CREATE INDEX jobs_name_due_at_idx ON jobs (name, due_at);
CREATE INDEX jobs_given_up_at_idx ON jobs (given_up_at) WHERE given_up_at IS NOT NULL;

-- Mails, until a month after they were sent or given up.
CREATE TABLE mails (
    environment_id BIGINT NOT NULL REFERENCES environments (id),
    id             BIGINT NOT NULL PRIMARY KEY,
    use_case       TEXT   NOT NULL,
    recipient      TEXT   NOT NULL,
    content_sealed BYTEA,           -- what the template is filled with, under the master key: codes, links; null: no longer needed
    created_at     BIGINT NOT NULL,
    expires_at     BIGINT NOT NULL, -- a stale code is never sent
    sent_at        BIGINT,
    failed_at      BIGINT,
    last_error     TEXT
);
CREATE INDEX mails_content_idx ON mails (id) WHERE content_sealed IS NOT NULL;
