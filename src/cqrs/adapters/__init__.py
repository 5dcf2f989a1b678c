"""Step 5 and across all: thin shells around third-party drivers, one driver per module, each imported on its own."""
