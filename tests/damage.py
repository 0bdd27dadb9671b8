"""Ways to damage a file, each a function of its path; shared by the tests of what reads files."""


def empty(path):
    """No bytes are left."""
    path.write_bytes(b"")


def cut(path):
    """The second half is lost."""
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def flip(path, byte=None, bit=4):
    """One bit is another, in the middle of the file unless told otherwise."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2 if byte is None else byte] ^= 1 << bit
    path.write_bytes(bytes(content))


def remove(path):
    """The file is gone."""
    path.unlink()


def make_folder(path):
    """A folder is in its place."""
    path.unlink()
    path.mkdir()


DAMAGES = {f.__name__: f for f in (empty, cut, flip, remove, make_folder)}


def forbid(monkeypatch, path):
    """Opening the file fails as it does without permission, which root is never denied."""
    import builtins
    import io

    true = builtins.open

    def refuse(file, *args, **kwargs):
        if str(file) == str(path):
            raise PermissionError(13, "Permission denied", str(path))
        return true(file, *args, **kwargs)

    monkeypatch.setattr(builtins, "open", refuse)
    monkeypatch.setattr(io, "open", refuse)
