"""The lists of guards, one for each topic of the source tree."""
