"""Programs that run: begin with ``examples.shop``, which ``make demo`` starts."""
