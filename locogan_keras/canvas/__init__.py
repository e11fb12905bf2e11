"""What lies where on the infinite canvas: the specification, in NumPy, and its twins as graphs."""
