CREATE TABLE IF NOT EXISTS {table} (
    consumer VARCHAR(128) NOT NULL,
    message_id UUID NOT NULL,
    received_at TIMESTAMP WITH TIME ZONE DEFAULT statement_timestamp() NOT NULL,
    PRIMARY KEY (consumer, message_id)
);
CREATE INDEX IF NOT EXISTS ix_{table}_received ON {table} (consumer, received_at);
CREATE TABLE IF NOT EXISTS {table}_sequences (
    consumer VARCHAR(128) NOT NULL,
    sequence UUID NOT NULL,
    size INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    retry_at TIMESTAMP WITH TIME ZONE,
    last_error TEXT NOT NULL,
    PRIMARY KEY (consumer, sequence)
);
CREATE INDEX IF NOT EXISTS ix_{table}_sequences_retry ON {table}_sequences (consumer, retry_at);
CREATE TABLE IF NOT EXISTS {table}_parked (
    id BIGSERIAL NOT NULL PRIMARY KEY,
    consumer VARCHAR(128) NOT NULL,
    sequence UUID NOT NULL,
    message_id UUID NOT NULL,
    head BYTEA NOT NULL,
    body BYTEA NOT NULL,
    parked_at TIMESTAMP WITH TIME ZONE DEFAULT statement_timestamp() NOT NULL
);
CREATE INDEX IF NOT EXISTS ix_{table}_parked_sequence ON {table}_parked (consumer, sequence, id);
CREATE INDEX IF NOT EXISTS ix_{table}_parked_message ON {table}_parked (consumer, message_id);
