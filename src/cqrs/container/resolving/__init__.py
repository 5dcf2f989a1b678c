"""How the default resolver builds things."""
