-- Attributes that profiles and directory users may have: those that an environment added, and what it changed of the
-- standard ones.
CREATE TABLE user_attributes (
    environment_id BIGINT  NOT NULL REFERENCES environments (id),
    catalogue      TEXT    NOT NULL, -- SSO | DIRECTORY
    key            TEXT    NOT NULL,
    label          TEXT    NOT NULL,
    datatype       TEXT    NOT NULL, -- STRING | NUMBER | BOOL | ARRAY | OBJECT
    enabled        BOOLEAN NOT NULL,
    required       BOOLEAN NOT NULL,
    saml_mapping   TEXT    NOT NULL, -- name in an assertion, empty if none
    oidc_mapping   TEXT    NOT NULL, -- name of a claim, empty if none
    created_at     BIGINT  NOT NULL,
    CONSTRAINT user_attributes_pkey PRIMARY KEY (environment_id, catalogue, key)
);
