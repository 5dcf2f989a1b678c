CREATE TABLE IF NOT EXISTS cqrs_leases (
    scope VARCHAR(190) NOT NULL,
    share INTEGER NOT NULL,
    owner VARCHAR(64),
    fence BIGINT NOT NULL DEFAULT 0,
    lease_until DATETIME(6),
    PRIMARY KEY (scope, share)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE IF NOT EXISTS cqrs_lease_members (
    scope VARCHAR(190) NOT NULL,
    owner VARCHAR(64) NOT NULL,
    alive_until DATETIME(6) NOT NULL,
    PRIMARY KEY (scope, owner)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
