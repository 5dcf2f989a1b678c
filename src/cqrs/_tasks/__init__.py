"""Tasks, streams and turns: which code runs in which, cancellation, and ``with`` blocks that leave errors unchanged."""
