"""Assembly: what puts the parts of one service together."""
