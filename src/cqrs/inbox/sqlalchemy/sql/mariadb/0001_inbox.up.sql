CREATE TABLE IF NOT EXISTS {table} (
    consumer VARCHAR(128) NOT NULL,
    message_id BINARY(16) NOT NULL,
    received_at DATETIME(6) NOT NULL DEFAULT (UTC_TIMESTAMP(6)),
    PRIMARY KEY (consumer, message_id),
    INDEX ix_{table}_received (consumer, received_at)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE IF NOT EXISTS {table}_sequences (
    consumer VARCHAR(128) NOT NULL,
    sequence BINARY(16) NOT NULL,
    size INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    retry_at DATETIME(6),
    last_error TEXT NOT NULL,
    PRIMARY KEY (consumer, sequence),
    INDEX ix_{table}_sequences_retry (consumer, retry_at)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE IF NOT EXISTS {table}_parked (
    id BIGINT NOT NULL PRIMARY KEY AUTO_INCREMENT,
    consumer VARCHAR(128) NOT NULL,
    sequence BINARY(16) NOT NULL,
    message_id BINARY(16) NOT NULL,
    head LONGBLOB NOT NULL,
    body LONGBLOB NOT NULL,
    parked_at DATETIME(6) NOT NULL DEFAULT (UTC_TIMESTAMP(6)),
    INDEX ix_{table}_parked_sequence (consumer, sequence, id),
    INDEX ix_{table}_parked_message (consumer, message_id)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
