CREATE TABLE IF NOT EXISTS cqrs_leases (
    scope VARCHAR(190) NOT NULL,
    share INTEGER NOT NULL,
    owner VARCHAR(64),
    fence BIGINT DEFAULT 0 NOT NULL,
    lease_until TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY (scope, share)
) WITH (fillfactor = 50);
CREATE TABLE IF NOT EXISTS cqrs_lease_members (
    scope VARCHAR(190) NOT NULL,
    owner VARCHAR(64) NOT NULL,
    alive_until TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (scope, owner)
);
