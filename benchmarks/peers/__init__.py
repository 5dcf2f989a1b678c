"""What runs in the interpreters of peers; nothing here imports our package."""
