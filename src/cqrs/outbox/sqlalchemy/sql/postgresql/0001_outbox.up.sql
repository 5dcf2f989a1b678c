CREATE TABLE IF NOT EXISTS {table} (
    id BIGSERIAL NOT NULL PRIMARY KEY,
    message_id UUID NOT NULL,
    event_name VARCHAR(255) NOT NULL,
    event_version INTEGER DEFAULT 1 NOT NULL,
    topic VARCHAR(255) NOT NULL,
    message_key VARCHAR(255),
    partition_no SMALLINT NOT NULL,
    content_type VARCHAR(100) NOT NULL,
    compression VARCHAR(32),
    headers TEXT NOT NULL,
    body BYTEA NOT NULL,
    status VARCHAR(16) DEFAULT 'new' NOT NULL,
    pending SMALLINT DEFAULT 1,
    due_at TIMESTAMP WITH TIME ZONE,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT statement_timestamp() NOT NULL,
    settled_at TIMESTAMP WITH TIME ZONE,
    parked_at TIMESTAMP WITH TIME ZONE,
    attempts INTEGER DEFAULT 0 NOT NULL,
    last_error TEXT,
    fence BIGINT DEFAULT 0 NOT NULL,
    lease_owner VARCHAR(64),
    lease_until TIMESTAMP WITH TIME ZONE
);
CREATE INDEX IF NOT EXISTS ix_{table}_pending ON {table} (pending, due_at, id) WHERE pending IS NOT NULL;
CREATE INDEX IF NOT EXISTS ix_{table}_partition ON {table} (pending, partition_no, due_at, id) WHERE pending IS NOT NULL;
CREATE INDEX IF NOT EXISTS ix_{table}_held ON {table} (message_key, lease_until) WHERE lease_until IS NOT NULL;
CREATE INDEX IF NOT EXISTS ix_{table}_ended ON {table} (settled_at) WHERE settled_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS ix_{table}_scheduled ON {table} (message_id) WHERE due_at IS NOT NULL;
