"""The command `locogan`: arguments only."""

from locogan_keras.cli.program import main as main
