-- The state that every role keeps, whatever its concepts are. The search path is the role's schema.
-- COLLATE "C" orders by code point, on every server, whatever its locale.

CREATE TABLE casebus_migrations (
    number integer PRIMARY KEY,
    name text NOT NULL
);

CREATE TABLE positions (
    consumer text COLLATE "C" NOT NULL,
    topic text COLLATE "C" NOT NULL,
    position bigint NOT NULL CHECK (position >= 0),
    PRIMARY KEY (consumer, topic)
);

CREATE TABLE seen (
    consumer text COLLATE "C" NOT NULL,
    source text COLLATE "C" NOT NULL,
    event_id text COLLATE "C" NOT NULL,
    digest bytea NOT NULL,
    PRIMARY KEY (consumer, source, event_id)
);

-- Rows are added and never removed: `published` must remember what was relayed long ago.
CREATE TABLE outbox (
    topic text COLLATE "C" NOT NULL,
    sequence bigint NOT NULL CHECK (sequence >= 1),
    event_id text COLLATE "C" NOT NULL,
    record_key bytea NOT NULL,
    record_value bytea NOT NULL,
    header_names text[] NOT NULL,
    header_values bytea[] NOT NULL,
    relayed boolean NOT NULL DEFAULT false,
    PRIMARY KEY (topic, sequence),
    UNIQUE (topic, event_id)
);

CREATE INDEX outbox_waiting ON outbox (topic, sequence) WHERE NOT relayed;
