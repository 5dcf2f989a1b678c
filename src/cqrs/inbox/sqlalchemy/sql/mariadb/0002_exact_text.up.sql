ALTER TABLE {table} CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;
ALTER TABLE {table}_sequences CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;
ALTER TABLE {table}_parked CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;
