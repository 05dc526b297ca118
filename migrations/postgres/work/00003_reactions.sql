-- +goose Up
-- How far each reaction has read the log.
CREATE TABLE reaction_checkpoints (
  reaction  text COLLATE "C" PRIMARY KEY,
  position  text COLLATE "C" NOT NULL,
  ordinal   bigint NOT NULL,
  log_time  bigint NOT NULL          -- microseconds
);
-- Notices whose grace period is running.
CREATE TABLE pending_notices (
  cause         text COLLATE "C" PRIMARY KEY,
  cause_ordinal bigint NOT NULL,
  release_at    bigint NOT NULL,     -- microseconds
  correlation   text COLLATE "C" NOT NULL,
  notice        text COLLATE "C" NOT NULL        -- JSON
);
CREATE INDEX pending_notices_due ON pending_notices (release_at, cause_ordinal);
-- What failed for good, until an operator replays it.
CREATE TABLE parked_reactions (
  reaction        text COLLATE "C" NOT NULL,
  event           text COLLATE "C" NOT NULL,
  type            text COLLATE "C" NOT NULL,
  ordinal         bigint NOT NULL,
  before_position text COLLATE "C" NOT NULL,
  before_ordinal  bigint NOT NULL,
  before_log_time bigint NOT NULL,
  reason          text COLLATE "C" NOT NULL,
  parked_at       bigint NOT NULL,
  PRIMARY KEY (reaction, event)
);
