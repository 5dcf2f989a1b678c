"""Assembly: puts the parts of one service together."""
