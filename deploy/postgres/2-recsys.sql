-- What Recsys keeps in PostgreSQL. Running this again changes nothing.

-- Blobs: data sets by virtual block, checkpoints, models. The bytes do not compress, so they are stored as they are.

CREATE TABLE IF NOT EXISTS recsys_blob (
    key     text COLLATE "C" PRIMARY KEY,
    bytes   bytea NOT NULL,
    written timestamptz NOT NULL DEFAULT now()
);

ALTER TABLE recsys_blob ALTER COLUMN bytes SET STORAGE EXTERNAL;

-- Event journals. Who opens a journal raises its epoch and so becomes its one writer: an append takes the journal's row
-- for the rest of its transaction, and only with the epoch it was opened with. So positions follow one another without
-- gaps in the order of commits, and nothing is written by a writer that another has displaced.

CREATE TABLE IF NOT EXISTS recsys_journal (
    journal integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name    text NOT NULL UNIQUE,
    epoch   bigint NOT NULL DEFAULT 1,
    first   bigint NOT NULL DEFAULT 0,
    next    bigint NOT NULL DEFAULT 0
);

-- Ids are kept to the byte. id_hash: the first 128 bits of the SHA-256 of the event's id.

CREATE TABLE IF NOT EXISTS recsys_event (
    journal  integer NOT NULL REFERENCES recsys_journal,
    position bigint NOT NULL,
    id_hash  uuid NOT NULL,
    kind     smallint NOT NULL,
    value    real NOT NULL,
    time     bigint NOT NULL, -- 100 ns since 1970
    id       bytea NOT NULL,
    user_id  bytea NOT NULL,
    item_id  bytea NOT NULL,
    PRIMARY KEY (journal, position)
);

CREATE UNIQUE INDEX IF NOT EXISTS recsys_event_id ON recsys_event (journal, id_hash);

-- For people.
CREATE OR REPLACE VIEW recsys_events AS
SELECT j.name AS journal, e.position, convert_from(e.id, 'UTF8') AS id, convert_from(e.user_id, 'UTF8') AS user_id,
       convert_from(e.item_id, 'UTF8') AS item_id, e.kind, e.value, to_timestamp(e.time / 1e7) AS time
FROM recsys_event e JOIN recsys_journal j USING (journal);
