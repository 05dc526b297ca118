-- +goose Up
-- One row per build of a projection's tables: how far it has come (its
-- checkpoint) and who feeds it (its lease, fenced by the epoch). A commit moves
-- the checkpoint by compare-and-set on number, epoch and position.
CREATE TABLE generations (
  generation  integer PRIMARY KEY AUTOINCREMENT,  -- a number is never used twice
  projection  text    NOT NULL,
  version     bigint  NOT NULL,
  live        boolean NOT NULL DEFAULT false,     -- the views show it
  indexed     boolean NOT NULL DEFAULT false,     -- secondary and full-text indexes made
  tables      text    NOT NULL,                   -- their names, separated by spaces
  position    text    NOT NULL DEFAULT '',
  ordinal     bigint  NOT NULL DEFAULT 0,
  log_time    bigint  NOT NULL,                   -- microseconds; the first moment of the year 1: none
  epoch       bigint  NOT NULL DEFAULT 0,
  holder      text    NOT NULL DEFAULT '',        -- of the lease; '': nobody
  expires     bigint  NOT NULL DEFAULT 0          -- when it ends, or ended: microseconds, by the database's clock
);
CREATE UNIQUE INDEX generations_live ON generations (projection, version) WHERE live;

-- Events that wait for a key to be mended: the first of a key is the one that
-- failed. Position and log time are those just before the event.
CREATE TABLE parked (
  generation   bigint NOT NULL,
  kind         text   NOT NULL,
  first_part   text   NOT NULL,
  second_part  text   NOT NULL,
  ordinal      bigint NOT NULL,
  position     text   NOT NULL,
  log_time     bigint NOT NULL,
  event_id     text   NOT NULL,
  event_type   text   NOT NULL,
  reason       text   NOT NULL,   -- '' for events behind the first
  PRIMARY KEY (generation, kind, first_part, second_part, ordinal)
) WITHOUT ROWID;

-- How far the rows reach that the views show, for answers that say so.
CREATE VIEW projection_checkpoints AS
SELECT projection, version, ordinal, position, log_time FROM generations WHERE live;
