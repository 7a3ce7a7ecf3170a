-- The owners of inverted indexes as small numbers: a row of an index is a token (a hash) and a number.

CREATE TABLE owners (
    number INTEGER PRIMARY KEY,
    owner TEXT NOT NULL UNIQUE
);

-- How many rows each smaller table of an index holds, and which row was the last to move on from it.

CREATE TABLE moves (
    table_name TEXT PRIMARY KEY NOT NULL,
    row_count INTEGER NOT NULL,
    hash INTEGER NOT NULL,
    owner INTEGER NOT NULL
) WITHOUT ROWID;
