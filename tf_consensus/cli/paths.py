"""Files and folders that flags name: `~` is written out, and missing ones are refused."""

import os

from absl import flags

from tf_consensus.cli.messages import UsageError


def take_files(values: flags.FlagValues, *names: str) -> None:
    """Write out the home folder in flags that name files.

    Raises:
        UsageError: If there is no such file.
    """
    for name in names:
        given = values[name].value
        _write_out(values, name)
        written = values[name].value
        if written is not None and not os.path.isfile(written):
            raise UsageError(f"--{name} must name a file. Received: {given}. Check the path.")


def take_data_dir(values: flags.FlagValues) -> None:
    """Write out the home folder in --data_dir.

    Raises:
        UsageError: If there is no such folder.
    """
    given = values.data_dir
    _write_out(values, "data_dir")
    if given is not None and not os.path.isdir(values.data_dir):
        raise UsageError(f"--data_dir must name a folder. Received: {given}. Check the path.")


def take_places(values: flags.FlagValues, *names: str) -> None:
    """Write out the home folder in flags that name files or folders to be made."""
    for name in names:
        _write_out(values, name)


def _write_out(values, name):
    if values[name].value is not None:
        values[name].value = os.path.expanduser(values[name].value)
