CREATE TABLE IF NOT EXISTS {table} (
    consumer VARCHAR(128) NOT NULL,
    message_id BINARY(16) NOT NULL,
    received_at DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:%f000', 'now')) NOT NULL,
    PRIMARY KEY (consumer, message_id)
);
CREATE INDEX IF NOT EXISTS ix_{table}_received ON {table} (consumer, received_at);
CREATE TABLE IF NOT EXISTS {table}_sequences (
    consumer VARCHAR(128) NOT NULL,
    sequence BINARY(16) NOT NULL,
    size INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    retry_at DATETIME,
    last_error TEXT NOT NULL,
    PRIMARY KEY (consumer, sequence)
);
CREATE INDEX IF NOT EXISTS ix_{table}_sequences_retry ON {table}_sequences (consumer, retry_at);
CREATE TABLE IF NOT EXISTS {table}_parked (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    consumer VARCHAR(128) NOT NULL,
    sequence BINARY(16) NOT NULL,
    message_id BINARY(16) NOT NULL,
    head BLOB NOT NULL,
    body BLOB NOT NULL,
    parked_at DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:%f000', 'now')) NOT NULL
);
CREATE INDEX IF NOT EXISTS ix_{table}_parked_sequence ON {table}_parked (consumer, sequence, id);
CREATE INDEX IF NOT EXISTS ix_{table}_parked_message ON {table}_parked (consumer, message_id);
