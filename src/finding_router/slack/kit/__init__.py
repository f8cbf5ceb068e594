"""Parts that messages and layouts are made of."""
