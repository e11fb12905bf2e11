"""How good pictures are, by number and by eye."""
