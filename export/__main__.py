"""`locogan export ...`, as `python export ...`."""

import sys

from locogan_keras.cli import main

sys.exit(main(["export", *sys.argv[1:]]))
