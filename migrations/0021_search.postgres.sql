-- Search (docs/decisions/0024-search.md): an index of the grams of each key, three letters each, mixed with the environment.
-- Not pg_trgm, which an owner of a database may lack and which knows letters and digits of the database's locale only.
CREATE FUNCTION search_grams(environment_id BIGINT, key TEXT) RETURNS BIGINT[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN ARRAY(
    SELECT DISTINCT hashtextextended(substr(key, at, 3), environment_id) FROM generate_series(1, length(key) - 2) AS at
);
CREATE INDEX organizations_search_idx ON organizations USING gin (search_grams(environment_id, search_key));
CREATE INDEX users_search_idx ON users USING gin (search_grams(environment_id, search_key));
