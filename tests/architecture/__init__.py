"""The shape of the package, as tests: who may import whom, and how large anything gets."""
