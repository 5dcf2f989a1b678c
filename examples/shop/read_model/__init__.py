"""The read side: a table shaped like the screen. Domain events write it, queries read it."""
