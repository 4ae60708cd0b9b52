-- How many items lists have (docs/decisions/0025-list-sizes.md), kept by triggers, so that cascades count too.
CREATE TABLE list_sizes (
    environment_id BIGINT NOT NULL,
    list           TEXT   NOT NULL, -- organizations | users | members
    scope          BIGINT NOT NULL, -- the organization's number for members, otherwise 0
    size           BIGINT NOT NULL,
    PRIMARY KEY (environment_id, list, scope)
) WITHOUT ROWID;
INSERT INTO list_sizes (environment_id, list, scope, size)
    SELECT environment_id, 'organizations', 0, COUNT(*) FROM organizations GROUP BY environment_id;
INSERT INTO list_sizes (environment_id, list, scope, size)
    SELECT environment_id, 'users', 0, COUNT(*) FROM users GROUP BY environment_id;
INSERT INTO list_sizes (environment_id, list, scope, size)
    SELECT environment_id, 'members', organization_id, COUNT(*) FROM memberships GROUP BY environment_id, organization_id;

CREATE TRIGGER organizations_size_insert AFTER INSERT ON organizations BEGIN
    INSERT INTO list_sizes (environment_id, list, scope, size) VALUES (NEW.environment_id, 'organizations', 0, 1)
        ON CONFLICT (environment_id, list, scope) DO UPDATE SET size = size + 1;
END;
CREATE TRIGGER organizations_size_delete AFTER DELETE ON organizations BEGIN
    UPDATE list_sizes SET size = size - 1 WHERE environment_id = OLD.environment_id AND list = 'organizations' AND scope = 0;
END;
CREATE TRIGGER users_size_insert AFTER INSERT ON users BEGIN
    INSERT INTO list_sizes (environment_id, list, scope, size) VALUES (NEW.environment_id, 'users', 0, 1)
        ON CONFLICT (environment_id, list, scope) DO UPDATE SET size = size + 1;
END;
CREATE TRIGGER users_size_delete AFTER DELETE ON users BEGIN
    UPDATE list_sizes SET size = size - 1 WHERE environment_id = OLD.environment_id AND list = 'users' AND scope = 0;
END;
CREATE TRIGGER memberships_size_insert AFTER INSERT ON memberships BEGIN
    INSERT INTO list_sizes (environment_id, list, scope, size) VALUES (NEW.environment_id, 'members', NEW.organization_id, 1)
        ON CONFLICT (environment_id, list, scope) DO UPDATE SET size = size + 1;
END;
CREATE TRIGGER memberships_size_delete AFTER DELETE ON memberships BEGIN
    UPDATE list_sizes SET size = size - 1 WHERE environment_id = OLD.environment_id AND list = 'members' AND scope = OLD.organization_id;
    DELETE FROM list_sizes WHERE environment_id = OLD.environment_id AND list = 'members' AND scope = OLD.organization_id AND size = 0;
END;
