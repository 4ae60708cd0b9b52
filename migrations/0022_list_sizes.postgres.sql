-- How many items lists have (docs/decisions/0025-list-sizes.md), kept by triggers, so that cascades count too. Those who
-- write only add changes, so that nobody waits for a counter's row; the program adds them up now and then.
CREATE TABLE list_sizes (
    environment_id BIGINT NOT NULL,
    list           TEXT   NOT NULL, -- organizations | users | members
    scope          BIGINT NOT NULL, -- the organization's number for members, otherwise 0
    size           BIGINT NOT NULL, -- without the changes below
    PRIMARY KEY (environment_id, list, scope)
);
CREATE TABLE list_size_changes (
    environment_id BIGINT NOT NULL,
    list           TEXT   NOT NULL,
    scope          BIGINT NOT NULL,
    change         BIGINT NOT NULL
);
CREATE INDEX list_size_changes_environment_id_idx ON list_size_changes (environment_id, list, scope);
INSERT INTO list_sizes (environment_id, list, scope, size)
    SELECT environment_id, 'organizations', 0, COUNT(*) FROM organizations GROUP BY environment_id;
INSERT INTO list_sizes (environment_id, list, scope, size)
    SELECT environment_id, 'users', 0, COUNT(*) FROM users GROUP BY environment_id;
INSERT INTO list_sizes (environment_id, list, scope, size)
    SELECT environment_id, 'members', organization_id, COUNT(*) FROM memberships GROUP BY environment_id, organization_id;

CREATE FUNCTION note_list_size() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO list_size_changes (environment_id, list, scope, change)
        SELECT environment_id, TG_ARGV[0], 0, CASE TG_OP WHEN 'INSERT' THEN COUNT(*) ELSE -COUNT(*) END
        FROM changed GROUP BY environment_id;
    RETURN NULL;
END $$;
CREATE FUNCTION note_members() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO list_size_changes (environment_id, list, scope, change)
        SELECT environment_id, 'members', organization_id, CASE TG_OP WHEN 'INSERT' THEN COUNT(*) ELSE -COUNT(*) END
        FROM changed GROUP BY environment_id, organization_id;
    RETURN NULL;
END $$;
CREATE TRIGGER organizations_size_insert AFTER INSERT ON organizations
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION note_list_size('organizations');
CREATE TRIGGER organizations_size_delete AFTER DELETE ON organizations
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION note_list_size('organizations');
CREATE TRIGGER users_size_insert AFTER INSERT ON users
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION note_list_size('users');
CREATE TRIGGER users_size_delete AFTER DELETE ON users
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION note_list_size('users');
CREATE TRIGGER memberships_size_insert AFTER INSERT ON memberships
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION note_members();
CREATE TRIGGER memberships_size_delete AFTER DELETE ON memberships
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION note_members();
