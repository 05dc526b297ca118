-- +goose Up
-- What older programs can still work with. A migration that only adds leaves its
-- row alone; one that older programs could not live with sets oldest to its own
-- number, in the same file.
CREATE TABLE compatibility (
  part    text   COLLATE "C" PRIMARY KEY,  -- the schema
  oldest  bigint NOT NULL                  -- programs that know this migration, or a newer one, may run
);
INSERT INTO compatibility (part, oldest) VALUES ('imprint_views', 1), ('imprint_work', 1);

-- One row per build of a projection's tables: how far it has come (its
-- checkpoint) and who feeds it (its lease, fenced by the epoch).
CREATE TABLE generations (
  generation  bigint  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,  -- a number is never used twice
  projection  text    COLLATE "C" NOT NULL,
  version     bigint  NOT NULL,
  live        boolean NOT NULL DEFAULT false,                    -- queries see it
  indexed     boolean NOT NULL DEFAULT false,                    -- secondary and full-text indexes made
  tables      text    COLLATE "C" NOT NULL DEFAULT '',           -- their names, separated by spaces
  position    text    COLLATE "C" NOT NULL DEFAULT '',
  ordinal     bigint  NOT NULL DEFAULT 0,
  log_time    bigint  NOT NULL,                                  -- microseconds; the first moment of the year 1: none
  epoch       bigint  NOT NULL DEFAULT 0,
  holder      text    COLLATE "C" NOT NULL DEFAULT '',           -- of the lease; '': nobody
  expires     bigint  NOT NULL DEFAULT 0                         -- when it ends, or ended: microseconds, by clock()
) WITH (fillfactor = 50);  -- a handful of rows, updated by every commit
CREATE UNIQUE INDEX generations_live ON generations (projection, version) WHERE live;

-- Events that wait for a key to be mended: the first of a key is the one that
-- failed. Position and log time are those just before the event.
CREATE TABLE parked (
  generation   bigint NOT NULL,
  kind         text   COLLATE "C" NOT NULL,
  first_part   text   COLLATE "C" NOT NULL,
  second_part  text   COLLATE "C" NOT NULL,
  ordinal      bigint NOT NULL,
  position     text   COLLATE "C" NOT NULL,
  log_time     bigint NOT NULL,
  event_id     text   COLLATE "C" NOT NULL,
  event_type   text   COLLATE "C" NOT NULL,
  reason       text   COLLATE "C" NOT NULL,   -- '' for events behind the first
  PRIMARY KEY (generation, kind, first_part, second_part, ordinal)
);

-- How far the rows reach that queries see, for answers that say so.
CREATE VIEW projection_checkpoints AS
SELECT projection, version, ordinal, position, log_time FROM generations WHERE live;

-- The database's clock in microseconds since 1970, by which every lease is
-- decided, also those of the work tables. Tests replace it.
-- +goose StatementBegin
CREATE FUNCTION clock() RETURNS bigint LANGUAGE sql VOLATILE AS $$
  SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint)
$$;
-- +goose StatementEnd

-- Where queries find the views: the schemas of all live generations. A snapshot
-- sets its search_path to this first, so that it reads the generations that were
-- live at its moment and waits for no switch; in psql:
--   SELECT set_config('search_path', imprint_views.live_path(), false);
-- +goose StatementBegin
CREATE FUNCTION live_path() RETURNS text LANGUAGE sql STABLE AS $$
  SELECT concat(string_agg('imprint_views_g' || generation || ', ', '' ORDER BY generation), 'imprint_views, imprint_work')
  FROM imprint_views.generations WHERE live
$$;
-- +goose StatementEnd

-- Moves a checkpoint by compare-and-set. It is the first statement of a commit
-- and raises IM001 where someone else has moved it, which ends the rest. The
-- commit is not waited for to reach the disk: the log is what is durable, and a
-- lost commit takes its rows and its checkpoint away together. Who listens to
-- imprint_checkpoints is told when it is done.
-- +goose StatementBegin
CREATE FUNCTION move(a_generation bigint, an_epoch bigint, from_position text, to_position text, to_ordinal bigint, to_log_time bigint)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE shown boolean;
BEGIN
  UPDATE imprint_views.generations g SET position = to_position, ordinal = to_ordinal, log_time = to_log_time
  WHERE g.generation = a_generation AND g.epoch = an_epoch AND g.position = from_position
  RETURNING g.live INTO shown;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'generation % is no longer where it was', a_generation USING ERRCODE = 'IM001';
  END IF;
  PERFORM set_config('synchronous_commit', 'off', true);
  IF shown THEN
    PERFORM pg_notify('imprint_checkpoints', '');
  END IF;
END
$$;
-- +goose StatementEnd

-- What the full-text indexes are made of: the words of normalised text, and refs
-- behind an = that no word has. Positions are left out, for PostgreSQL keeps only
-- the first 16383; phrases are looked for in the text itself.
-- +goose StatementBegin
CREATE FUNCTION lexemes(words text, refs text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT array_to_tsvector(array_remove(string_to_array(words, ' '), '') ||
    CASE WHEN refs = '' THEN CAST('{}' AS text[]) ELSE string_to_array('=' || replace(refs, ' ', ' ='), ' ') END)
$$;
-- +goose StatementEnd
