-- Search (docs/decisions/0024-search.md). An index of grams per list, made by the program and kept apart from the
-- transactions that change the list: those only note what is not in it yet, and a search looks there too.
CREATE VIRTUAL TABLE organizations_search USING fts5 (grams, content = '', contentless_delete = 1, detail = none, tokenize = 'ascii');
CREATE VIRTUAL TABLE users_search USING fts5 (grams, content = '', contentless_delete = 1, detail = none, tokenize = 'ascii');

-- What was added, changed or deleted since it was last indexed.
CREATE TABLE organizations_unindexed (
    environment_id BIGINT NOT NULL,
    id             BIGINT NOT NULL PRIMARY KEY
) WITHOUT ROWID;
CREATE TABLE users_unindexed (
    environment_id BIGINT NOT NULL,
    id             BIGINT NOT NULL PRIMARY KEY
) WITHOUT ROWID;
INSERT INTO organizations_unindexed (environment_id, id) SELECT environment_id, id FROM organizations;
INSERT INTO users_unindexed (environment_id, id) SELECT environment_id, id FROM users;

CREATE TRIGGER organizations_search_insert AFTER INSERT ON organizations BEGIN
    INSERT INTO organizations_unindexed (environment_id, id) VALUES (NEW.environment_id, NEW.id) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER organizations_search_update AFTER UPDATE OF search_key ON organizations WHEN OLD.search_key <> NEW.search_key BEGIN
    INSERT INTO organizations_unindexed (environment_id, id) VALUES (NEW.environment_id, NEW.id) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER organizations_search_delete AFTER DELETE ON organizations BEGIN
    INSERT INTO organizations_unindexed (environment_id, id) VALUES (OLD.environment_id, OLD.id) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER users_search_insert AFTER INSERT ON users BEGIN
    INSERT INTO users_unindexed (environment_id, id) VALUES (NEW.environment_id, NEW.id) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER users_search_update AFTER UPDATE OF search_key ON users WHEN OLD.search_key <> NEW.search_key BEGIN
    INSERT INTO users_unindexed (environment_id, id) VALUES (NEW.environment_id, NEW.id) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER users_search_delete AFTER DELETE ON users BEGIN
    INSERT INTO users_unindexed (environment_id, id) VALUES (OLD.environment_id, OLD.id) ON CONFLICT DO NOTHING;
END;
-- The index of users also has their organizations.
CREATE TRIGGER memberships_search_insert AFTER INSERT ON memberships BEGIN
    INSERT INTO users_unindexed (environment_id, id) VALUES (NEW.environment_id, NEW.user_id) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER memberships_search_delete AFTER DELETE ON memberships BEGIN
    INSERT INTO users_unindexed (environment_id, id) VALUES (OLD.environment_id, OLD.user_id) ON CONFLICT DO NOTHING;
END;
