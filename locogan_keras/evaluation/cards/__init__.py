"""The page of a model that others are to use: what it draws, how well, and where it is from."""
