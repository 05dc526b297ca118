-- +goose Up
-- The log. Rows are only ever added. The ordinal is the row id: one writer gives
-- 1, 2, 3 … without a gap, and reading in its order is a walk along the table.
CREATE TABLE events (
  ordinal   INTEGER PRIMARY KEY,
  stream    text NOT NULL,
  revision  bigint NOT NULL,   -- 0, 1, 2 … within the stream
  id        blob NOT NULL,     -- 16 bytes
  type      text NOT NULL,
  schema    bigint NOT NULL,
  time      bigint NOT NULL,   -- of the event, microseconds
  log_time  bigint NOT NULL,   -- running maximum of time, microseconds
  data      blob NOT NULL,     -- JSON as it was appended, byte for byte
  meta      blob NOT NULL      -- JSON of event.Metadata
);
CREATE UNIQUE INDEX events_stream ON events (stream, revision);
CREATE UNIQUE INDEX events_id ON events (id);
