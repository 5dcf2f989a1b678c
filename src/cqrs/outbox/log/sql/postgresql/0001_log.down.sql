DROP TABLE IF EXISTS cqrs_log_positions;
