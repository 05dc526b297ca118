-- +goose Up
-- Whose a name is, by the keyed hash of the name: the name itself is sealed in
-- the log. Deleted at erasure.
CREATE TABLE names (
  hash    bytea PRIMARY KEY,
  person  bytea NOT NULL             -- UUID, 16 bytes
);

-- The access tokens, by the SHA-256 of their secrets. A revoked token keeps its
-- row, ended, so that revoking it again is told from revoking one that never was.
CREATE TABLE tokens (
  hash     bytea PRIMARY KEY,
  id       bytea NOT NULL UNIQUE,    -- UUID, 16 bytes
  person   bytea NOT NULL,
  role     text COLLATE "C" NOT NULL,
  expires  bigint NOT NULL,         -- microseconds
  ended    boolean NOT NULL DEFAULT FALSE
);
