-- +goose Up
-- How far the worker's reader has folded the log's facts into the rows below.
CREATE TABLE digest_reader (
  name      text COLLATE "C" PRIMARY KEY,
  position  text COLLATE "C" NOT NULL,
  ordinal   bigint NOT NULL,
  log_time  bigint NOT NULL          -- microseconds
);
INSERT INTO digest_reader (name, position, ordinal, log_time) VALUES ('facts', '', 0, 0);

-- Where one person's digests stand, with the one digest under way. Times are
-- microseconds, 0 for none. Nothing here tells who the person is: the address and
-- the frozen mail are sealed under the person's own key.
CREATE TABLE digest_standings (
  person       text COLLATE "C" PRIMARY KEY,
  settings     text COLLATE "C" NOT NULL,        -- JSON
  changed      bigint NOT NULL,      -- ordinal of the newest settings event
  cursor       bigint NOT NULL,      -- ordinal at which the next window begins
  since        bigint NOT NULL,      -- ordinal of the last turning on
  next_due     bigint NOT NULL,
  last_due     bigint NOT NULL,
  delivery     text COLLATE "C" NOT NULL,        -- JSON of the open digest, or empty
  carried      text COLLATE "C" NOT NULL,        -- JSON: failed windows that go into the next digest
  wake_at      bigint,               -- when the worker must look; NULL: not by time
  immediate    bigint NOT NULL,      -- 1: as soon as a notice lies behind the cursor
  troubled     bigint NOT NULL,      -- 1: something waits after a failure
  holder       text COLLATE "C" NOT NULL DEFAULT '',
  epoch        bigint NOT NULL DEFAULT 0,
  lease_until  bigint NOT NULL DEFAULT 0 -- by this database's clock
);
CREATE INDEX digest_standings_wake ON digest_standings (wake_at) WHERE wake_at IS NOT NULL;
CREATE INDEX digest_standings_immediate ON digest_standings (cursor) WHERE immediate = 1;
CREATE INDEX digest_standings_troubled ON digest_standings (person) WHERE troubled = 1;
CREATE INDEX digest_standings_held ON digest_standings (holder) WHERE lease_until > 0;

-- The frozen bytes of the digest under way, while they may be needed again.
CREATE TABLE digest_mails (
  person  text COLLATE "C" PRIMARY KEY,
  box     bytea NOT NULL
);
