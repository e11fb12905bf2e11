"""A generator for other runtimes, compared with the original first."""
