-- +goose Up
-- An address that waits to be confirmed, as JSON, or empty; why no mail goes to the
-- address in force, or empty; 1 for one who was disabled or erased.
ALTER TABLE digest_standings ADD COLUMN pending text NOT NULL DEFAULT '';
ALTER TABLE digest_standings ADD COLUMN suspended text NOT NULL DEFAULT '';
ALTER TABLE digest_standings ADD COLUMN barred bigint NOT NULL DEFAULT 0;
-- For an erasure, which knows the person and not the names.
CREATE INDEX names_person ON names (person);
