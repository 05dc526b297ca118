-- +goose Up
-- Whose a name is, by the keyed hash of the name: the name itself is sealed in
-- the log. Deleted at erasure.
CREATE TABLE names (
  hash    bytea PRIMARY KEY,
  person  bytea NOT NULL             -- UUID, 16 bytes
);

-- The access tokens in force, by the SHA-256 of their secrets. A revoked token
-- has no row.
CREATE TABLE tokens (
  hash     bytea PRIMARY KEY,
  id       bytea NOT NULL UNIQUE,    -- UUID, 16 bytes
  person   bytea NOT NULL,
  role     text COLLATE "C" NOT NULL,
  expires  bigint NOT NULL          -- microseconds
);
