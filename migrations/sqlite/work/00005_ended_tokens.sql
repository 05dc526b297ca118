-- +goose Up
-- A revoked token keeps its row from now on, ended, so that revoking it again is
-- told from revoking one that never was. Those revoked before have no row.
ALTER TABLE tokens ADD COLUMN ended boolean NOT NULL DEFAULT FALSE;
