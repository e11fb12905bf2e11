"""Metrics of pictures, one idea a file."""
