-- Internet domains of organizations.

CREATE TABLE domains (
    environment_id      BIGINT NOT NULL REFERENCES environments (id),
    id                  BIGINT NOT NULL PRIMARY KEY,
    organization_id     BIGINT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    domain              TEXT   NOT NULL, -- ASCII, lower case
    type                TEXT   NOT NULL, -- ORGANIZATION_DOMAIN | ALLOWED_EMAIL_DOMAIN
    verified_domain     TEXT,            -- the same while a verified organization domain: one owner in the environment
    verification_status TEXT   NOT NULL, -- PENDING | VERIFIED | FAILED | AUTO_VERIFIED
    verification_method TEXT   NOT NULL, -- ADMIN | DNS | NOT_APPLICABLE
    txt_record_value    TEXT,            -- what the customer publishes; no secret once it is in the DNS
    verify_until        BIGINT,          -- end of the search for it
    checks              BIGINT NOT NULL, -- by the background job
    created_at          BIGINT NOT NULL,
    updated_at          BIGINT NOT NULL,
    CONSTRAINT domains_environment_id_organization_id_domain_type_key UNIQUE (environment_id, organization_id, domain, type),
    CONSTRAINT domains_environment_id_verified_domain_key UNIQUE (environment_id, verified_domain)
);
CREATE INDEX domains_organization_id_idx ON domains (organization_id, id);
CREATE INDEX domains_environment_id_domain_idx ON domains (environment_id, domain, verification_status);
