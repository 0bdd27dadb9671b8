"""Links of the repository's pages, as they go on the site."""

import pathlib
import posixpath
import re
from collections.abc import Mapping

LINK = re.compile(r"(!?)\[((?:[^][]|!?\[[^][]*\]\([^()\s]*\))*)\]\((?!#|/|[a-z]+:)([^()\s]+)\)")
CODE = re.compile(r"(^```.*?^```$|`[^`\n]+`(?!\]))", re.MULTILINE | re.DOTALL)


def on_the_site(
    text: str, source: str, uri: str, pages: Mapping[str, str], root: pathlib.Path
) -> str:
    """A page whose relative links lead to the site's files.

    A link to a file that the site does not hold, such as a script, becomes its text and the file's
    name, so that no link is dead. A link to no file of the repository stays: MkDocs warns of it.

    Args:
        text: the page, in Markdown.
        source: where the page is in the repository, from its root.
        uri: where it is on the site.
        pages: the files of the site: from where each is in the repository to where it is there.
        root: the repository.
    """

    def replaced(link: re.Match) -> str:
        picture, label, target = link.groups()
        path, mark, anchor = target.partition("#")
        path = posixpath.normpath(posixpath.join(posixpath.dirname(source), path))
        if path in pages:
            place = posixpath.relpath(pages[path], posixpath.dirname(uri) or ".")
            return f"{picture}[{label}]({place}{mark}{anchor})"
        if not (root / path).exists():
            return link[0]
        name = f"`{path}`"
        return name if label.strip("`") == path else f"{label} ({name})"

    parts = CODE.split(text)
    parts[::2] = [LINK.sub(replaced, part) for part in parts[::2]]
    return "".join(parts)
