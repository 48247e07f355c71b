"""What people type, over the simulated cluster: kubectl, curl, dig and their friends, and a small shell between them.

`Session.run(line, stdin)` gives an `Output`; stories, the interactive shell and `exec` all go through it.
"""

from simnet.console.output import Output
from simnet.console.session import Session

__all__ = ["Output", "Session"]
