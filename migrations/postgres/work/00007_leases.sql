-- +goose Up
-- Which of several programs does what only one needs to do at a time.
CREATE TABLE leases (
  name     text COLLATE "C" PRIMARY KEY,
  holder   text COLLATE "C" NOT NULL,
  epoch    bigint NOT NULL,          -- counts the changes of the holder
  expires  bigint NOT NULL           -- microseconds, by this database's clock
);
