CREATE TABLE IF NOT EXISTS cqrs_log_positions (
    name VARCHAR(64) NOT NULL PRIMARY KEY,
    transaction BIGINT NOT NULL,
    message INTEGER NOT NULL
);
