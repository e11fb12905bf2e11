"""Presets for `locogan_keras`, which finds them by this package's entry point: data, no code."""
