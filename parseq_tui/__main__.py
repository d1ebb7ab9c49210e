"""`python -m parseq_tui` is `parseq-tui`."""

import sys

from parseq_tui.cli import main

sys.exit(main())
