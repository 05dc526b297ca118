-- +goose Up
-- Until when a person is put off by the rate of a mail domain, microseconds, 0 for
-- not; 1 if that instant is the person's own turn, for which no other need be taken.
ALTER TABLE digest_standings ADD COLUMN later bigint NOT NULL DEFAULT 0;
ALTER TABLE digest_standings ADD COLUMN turn bigint NOT NULL DEFAULT 0;
CREATE INDEX digest_standings_later ON digest_standings (later) WHERE later > 0;

-- What has been taken of each rate: see mail.Rate.Take. A name tells no domain: it is
-- a hash under a key.
CREATE TABLE mail_rates (
  name   text COLLATE "C" PRIMARY KEY,
  taken  bigint NOT NULL           -- microseconds, by this database's clock
);
CREATE INDEX mail_rates_taken ON mail_rates (taken);
