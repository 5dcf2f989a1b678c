"""Import paths that were promised to users: each module imports its names from the folder of their topic."""
