"""The shape of the package, as tests: which module may import which, and how large files get."""
