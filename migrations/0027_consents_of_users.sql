-- A user's own consents, whatever the resource.
CREATE INDEX consents_external_user_id_idx ON consents (external_user_id, environment_id, id);
