"""The write side in SQLite: tables, and who reads and writes them. Nobody here opens a transaction, or ends one."""
