-- The state that every role keeps, whatever its concepts are.

CREATE TABLE positions (
    consumer TEXT NOT NULL,
    topic TEXT NOT NULL,
    position INTEGER NOT NULL CHECK (position >= 0),
    PRIMARY KEY (consumer, topic)
) WITHOUT ROWID;

CREATE TABLE seen (
    consumer TEXT NOT NULL,
    source TEXT NOT NULL,
    event_id TEXT NOT NULL,
    digest BLOB NOT NULL,
    PRIMARY KEY (consumer, source, event_id)
) WITHOUT ROWID;

-- Rows are added and never removed: `published` must remember what was relayed long ago.
CREATE TABLE outbox (
    topic TEXT NOT NULL,
    sequence INTEGER NOT NULL CHECK (sequence >= 1),
    event_id TEXT NOT NULL,
    record_key BLOB NOT NULL,
    record_value BLOB NOT NULL,
    record_headers TEXT NOT NULL, -- JSON: [[name, value in hex], ...] in the order of the record
    relayed INTEGER NOT NULL DEFAULT 0 CHECK (relayed IN (0, 1)),
    PRIMARY KEY (topic, sequence),
    UNIQUE (topic, event_id)
);

CREATE INDEX outbox_waiting ON outbox (topic, sequence) WHERE relayed = 0;
