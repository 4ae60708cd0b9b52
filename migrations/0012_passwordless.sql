-- Proofs that a person reads mails to an address, by code or link, until a day after they expire.
CREATE TABLE passwordless_requests (
    environment_id BIGINT  NOT NULL REFERENCES environments (id),
    id             BIGINT  NOT NULL PRIMARY KEY,
    request_hash   BYTEA   NOT NULL, -- SHA-256 of the auth_request_id
    email          TEXT    NOT NULL, -- as it was given
    email_key      TEXT    NOT NULL, -- folded, for matching
    type           TEXT    NOT NULL, -- OTP | LINK | LINK_OTP
    template       TEXT    NOT NULL, -- SIGNIN | SIGNUP
    state          TEXT,
    same_browser   BOOLEAN NOT NULL, -- whether a link counts only together with the auth_request_id
    code_tag       BYTEA,            -- HMAC of the code under the master key: a code is short enough to try all
    link_hash      BYTEA,            -- SHA-256 of the link's token
    content_sealed BYTEA   NOT NULL, -- what the mail is made of, under the master key, to send it again
    valid_seconds  BIGINT  NOT NULL,
    tries          BIGINT  NOT NULL, -- of codes, since there was none for ten minutes
    last_try_at    BIGINT,
    created_at     BIGINT  NOT NULL,
    expires_at     BIGINT  NOT NULL,
    verified_at    BIGINT,
    CONSTRAINT passwordless_requests_environment_id_request_hash_key UNIQUE (environment_id, request_hash),
    CONSTRAINT passwordless_requests_environment_id_link_hash_key UNIQUE (environment_id, link_hash)
);
CREATE INDEX passwordless_requests_expires_at_idx ON passwordless_requests (expires_at);

-- When mails were sent to an address in the last hour: limits that hold across nodes.
CREATE TABLE passwordless_addresses (
    environment_id BIGINT NOT NULL REFERENCES environments (id),
    email_key      TEXT   NOT NULL,
    sent_times     TEXT   NOT NULL, -- JSON list of times, oldest first
    last_sent_at   BIGINT NOT NULL,
    PRIMARY KEY (environment_id, email_key)
);
CREATE INDEX passwordless_addresses_last_sent_at_idx ON passwordless_addresses (last_sent_at);
