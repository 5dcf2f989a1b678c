DROP TABLE IF EXISTS cqrs_lease_members;
DROP TABLE IF EXISTS cqrs_leases;
