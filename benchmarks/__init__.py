"""How fast the package is, beside a peer and beside the least the work can cost: ``python -m benchmarks``.

Importing this package imports neither side: the peer's interpreter shares ``timing`` and ``counting``.
"""
