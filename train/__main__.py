"""`locogan train ...`, as `python train ...`."""

import sys

from locogan_keras.cli import main

sys.exit(main(["train", *sys.argv[1:]]))
