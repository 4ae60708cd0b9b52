-- One default each among an environment's roles.
CREATE UNIQUE INDEX roles_environment_id_default_member_key ON roles (environment_id) WHERE default_member;
CREATE UNIQUE INDEX roles_environment_id_default_creator_key ON roles (environment_id) WHERE default_creator;

-- The role that new members of an organization get, where it is not the environment's default.
CREATE TABLE organization_default_roles (
    environment_id  BIGINT NOT NULL REFERENCES environments (id),
    organization_id BIGINT NOT NULL PRIMARY KEY REFERENCES organizations (id) ON DELETE CASCADE,
    member_role_id  BIGINT NOT NULL REFERENCES roles (id) ON DELETE CASCADE
);
CREATE INDEX organization_default_roles_member_role_id_idx ON organization_default_roles (member_role_id);
