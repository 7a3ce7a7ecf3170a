-- The owners of inverted indexes as small numbers: a row of an index is a token and a number.

CREATE TABLE owners (
    number integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    owner text COLLATE "C" NOT NULL UNIQUE
);
