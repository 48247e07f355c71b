"""Files that belong together, by name: linted, and repaired round by round."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from simnet.errors import ManifestError
from simnet.lint import Plan, Remark, lint
from simnet.lint.edits import Edit, diff_of, edit_of, edited
from simnet.manifests.files import read_text

MOST_ROUNDS: Final = 5

Texts = Mapping[str, str]
"""File name -> its text, in the order the files are read."""


def lint_texts(texts: Texts, plan: Plan | None = None) -> list[Remark]:
    """The remarks about all files as one set. Raises ManifestError for what cannot be read."""
    return lint([document for file, text in texts.items() for document in read_text(text, file)], plan=plan)


def repaired(texts: Texts, plan: Plan | None = None) -> tuple[Texts, list[Remark]]:
    """The texts with every repair made that leaves no choice, round by round as one may uncover another, and what is
    found then. A round that would make things worse is not taken."""
    remarks = lint_texts(texts, plan)
    for _ in range(MOST_ROUNDS):
        edits: dict[str, dict[Edit, None]] = {}
        for each in remarks:
            edit = edit_of(each.repair) if each.repair is not None else None
            if edit is not None:
                edits.setdefault(edit.file, {})[edit] = None
        after = {file: edited(text, edits.get(file, ())) for file, text in texts.items()}
        try:
            left = lint_texts(after, plan)
        except ManifestError:
            break
        if after == texts or len(left) > len(remarks):
            break
        texts, remarks = after, left
    return texts, remarks


def differences(before: Texts, after: Texts) -> str:
    """The unified diffs of all files that changed."""
    return "".join(diff_of(file, text, after[file]) for file, text in before.items())
