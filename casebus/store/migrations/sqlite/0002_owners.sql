-- The owners of inverted indexes as small numbers: a row of an index is a token and a number.

CREATE TABLE owners (
    number INTEGER PRIMARY KEY,
    owner TEXT NOT NULL UNIQUE
);
