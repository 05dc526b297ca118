-- +goose Up
-- Whose log these tables go with: the id in its event 1 (LogOpened). One row.
CREATE TABLE served_log (
  one  bigint PRIMARY KEY CHECK (one = 1),
  log  bytea NOT NULL             -- UUID, 16 bytes
);
