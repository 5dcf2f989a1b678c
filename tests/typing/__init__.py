"""What type checkers say about code that uses the package.

The modules `case_*.py` are read by mypy and pyright, both strict, and never run. `assert_type(value, Type)` states what
must be inferred. What must be refused has `# type: ignore[code]` for mypy and `# pyright: ignore[rule]` for pyright;
both checkers report an ignore comment that nothing needs.
"""
