"""The shop over HTTP: a route turns a request into a message and the answer into JSON, and does nothing else."""
