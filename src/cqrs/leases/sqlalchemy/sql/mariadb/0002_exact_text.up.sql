ALTER TABLE cqrs_leases CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;
ALTER TABLE cqrs_lease_members CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;
