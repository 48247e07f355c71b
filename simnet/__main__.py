"""`python -m simnet` is the same as the command `simnet`."""

import sys

from simnet.cli.main import main

sys.exit(main())
