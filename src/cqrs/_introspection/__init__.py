"""What annotations, generics and functions say about themselves, read without calling anything."""
