"""The infinite canvas and what lies where: the specification in NumPy, and its twins as graphs."""
