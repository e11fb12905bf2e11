"""A generator as a web page: an endless canvas that is made in the visitor's own browser."""
