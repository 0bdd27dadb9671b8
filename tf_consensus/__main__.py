"""The program `tf-consensus`, as `python -m tf_consensus`."""

import sys

from tf_consensus.cli.main import run

if __name__ == "__main__":
    sys.exit(run())
