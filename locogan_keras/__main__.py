"""`python -m locogan_keras`: the command `locogan`."""

import sys

from locogan_keras.cli import main

sys.exit(main())
