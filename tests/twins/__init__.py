"""Guards of the source code, and for each the test that fails when it is taken out: `python -m tests.twins`."""
