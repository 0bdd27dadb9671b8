"""The leaderboard: every method on every task, each with its own best settings and the same time.

    python examples/leaderboard.py --list
    python examples/leaderboard.py --tasks=ring,grid

This is the same as `tf-consensus leaderboard`. It writes into --output_dir: leaderboard.md, for
each task a table and a picture, and one file per run. `tf_consensus/experiments/leaderboard/` has
the tasks and the methods. After a stop the same command continues.
"""

import sys

from absl import app, flags

from tf_consensus.cli import leaderboard
from tf_consensus.cli.messages import UsageError

FLAGS = flags.FLAGS
leaderboard.define(FLAGS)
flags.adopt_module_key_flags(leaderboard)


def main(argv):
    """Runs, draws and reports."""
    try:
        status = leaderboard.main(FLAGS, argv[1:], [sys.executable, *sys.argv])
    except UsageError as error:
        raise app.UsageError(str(error)) from error
    if status:
        sys.exit(status)


if __name__ == "__main__":
    app.run(main)
