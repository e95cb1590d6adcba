"""Words of others on a page: anybody can have made a file or a link, and none of it is markup."""

from __future__ import annotations

#: Every character that begins something in Markdown as the app reads it: links, pictures, HTML,
#: formulas, colours and icons.
_MARKS = str.maketrans({mark: f"\\{mark}" for mark in "\\`*_[]!<>#~$:|&"} | {"\n": " "})


def unmarked(words: object) -> str:
    """Words within a sentence, a heading or a label, shown as they are."""
    return str(words).translate(_MARKS)


def verbatim(words: object) -> str:
    """Words set off as code, shown as they are."""
    return "`" + str(words).replace("`", "'").replace("\n", " ") + "`"
