"""Crash matrices: a scenario runs once, and then again for each failpoint that it has passed, and is killed there."""
