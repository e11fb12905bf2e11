"""Commands that say what models there are, and what they are."""
