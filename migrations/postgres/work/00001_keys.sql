-- +goose Up
-- Data keys, each wrapped by the master key. A destroyed key keeps its row, so
-- that it is never made anew: its destruction is the erasure of what it sealed.
CREATE TABLE data_keys (
  id         text COLLATE "C" PRIMARY KEY,
  wrapped    bytea NOT NULL,          -- empty once destroyed
  created    bigint NOT NULL,        -- microseconds
  destroyed  bigint NOT NULL DEFAULT 0
);
