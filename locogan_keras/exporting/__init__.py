"""Exports of a generator for other runtimes, compared with it first."""
