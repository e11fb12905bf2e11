"""A run: `fit`, on any devices, stopped and resumed."""
