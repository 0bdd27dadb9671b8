"""An example in a process that is killed as it changes its folder for the n-th time.

fault_run.py EXAMPLE FOLDER KILL_AT FLAG...: KILL_AT 0 counts the changes, and prints how many.
"""

import pathlib
import sys

from absl import flags
from faults import KillAtWrite

EXAMPLES = pathlib.Path(__file__).resolve().parents[1] / "examples"


def main(example, folder, kill_at, *arguments):
    sys.path.insert(0, str(EXAMPLES))
    module = __import__(example)
    flags.FLAGS([example, f"--output_dir={folder}", *arguments])
    with KillAtWrite(folder, int(kill_at)) as writes:
        module.main([example])
    print("writes:", writes.count)


if __name__ == "__main__":
    main(*sys.argv[1:])
