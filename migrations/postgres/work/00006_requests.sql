-- +goose Up
-- What requests of late have written where, by the id of their first event; kept
-- where the log does not know the ids of its events.
CREATE TABLE requests (
  first        bytea PRIMARY KEY,     -- UUID, 16 bytes
  stream       text COLLATE "C" NOT NULL,
  fingerprint  text COLLATE "C" NOT NULL,
  claimed      bigint NOT NULL       -- microseconds
);
CREATE INDEX requests_claimed ON requests (claimed);
