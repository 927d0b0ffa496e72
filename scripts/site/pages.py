"""Turns the Markdown of the repository into the source of the site.

A page keeps its text. Its links to other pages, to pictures and to schemas lead to those of the
site, and its links to other files lead to the repository. Its lists are written as
Python-Markdown wants them.
"""

import os
import posixpath
import re
import shutil
from pathlib import Path

REPOSITORY = "https://github.com/ldcorn/ldcorn"

# Where pages are that do not have the name of their file.
NAMES = {"README.md": "index.md", "CHANGELOG.md": "changelog.md", "SECURITY.md": "report.md"}

COPIED = {".png", ".svg", ".json"}

SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:|//")
# A span of code, or the target of a link: [text](target), [name]: target, or href="target".
LINK = re.compile(
    r"""(?P<code>(?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`))
    |(?P<before>\]\(|^\[[^\]]+\]:\s+|\b(?:href|src|srcset)=")(?P<target>[^)\s"]+)""",
    re.VERBOSE | re.MULTILINE | re.DOTALL,
)
FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")
# An item of a list, with what stands before its text.
ITEM = re.compile(r"((?:[-*+]|\d[.)]) +)(?=\S)")


class Problem(Exception):
    """What is wrong with a page."""


def find(root):
    """Returns the paths of all pages of the repository. It leaves out hidden folders and those of npm."""
    found = []
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(f for f in folders if not f.startswith(".") and f != "node_modules")
        found += [Path(folder, f).relative_to(root).as_posix() for f in files if f.endswith(".md")]
    return sorted(found)


def name_of(page):
    """Returns the name that a page of the repository has in the site."""
    if page in NAMES:
        return NAMES[page]
    return page.removeprefix("docs/").replace("/README.md", ".md")


def blocks(text):
    """Yields the parts of a text in turn, each with whether it is a block of code."""
    lines, fence = [], ""
    for line in text.splitlines(keepends=True):
        mark = FENCE.match(line)
        if not fence and mark:
            yield "".join(lines), False
            lines, fence = [line], mark[1]
        elif fence and mark and mark[1].startswith(fence) and not line.strip(" `~\n"):
            yield "".join([*lines, line]), True
            lines, fence = [], ""
        else:
            lines.append(line)
    yield "".join(lines), bool(fence)


def spaced(text):
    """Writes lists as Python-Markdown wants them.

    There is an empty line before a list that follows a line of a paragraph, and before an item that
    follows one of several blocks. What belongs to an item is indented by four spaces.
    """
    out, before, width, several = [], "", 0, False
    for part, code in blocks(text):
        for line in part.splitlines(keepends=True):
            item = None if code else ITEM.match(line)
            if item and (several or not width) and before.strip():
                out.append("\n")
            if item:
                width, several = len(item[1]), False
            elif width and line.startswith(" " * width):
                line = " " * (4 - width) + line
                several = several or not before.strip()
            elif line.strip() and not before.strip():
                width, several = 0, False  # a paragraph that is not part of the item
            out.append(line)
            before = line
    return "".join(out)


class Pages:
    """The pages of a repository. `pages` and `copied` map the paths of files to their names in the site."""

    def __init__(self, root):
        self.root = Path(root)
        self.pages = {page: name_of(page) for page in find(root)}
        self.copied = {}
        if len(set(self.pages.values())) < len(self.pages):
            raise Problem(f"two pages have the same name in the site: {sorted(self.pages.values())}")

    def link(self, page, target):
        """Returns where a link of a page leads in the site."""
        if SCHEME.match(target) or target.startswith("#"):
            return target
        path, mark, anchor = target.partition("#")
        file = posixpath.normpath(posixpath.join(posixpath.dirname(page), path))
        there = self.root / file
        if file.startswith("..") or not there.exists():
            raise Problem(f"{page}: the link {target} leads nowhere")
        if there.is_dir() and f"{file}/README.md" in self.pages:
            file += "/README.md"
        if file in self.pages:
            name = self.pages[file]
        elif there.suffix in COPIED and file.startswith("docs/"):
            name = self.copied[file] = file.removeprefix("docs/")
        else:
            return f"{REPOSITORY}/{'tree' if there.is_dir() else 'blob'}/main/{file}{mark}{anchor}"
        return posixpath.relpath(name, posixpath.dirname(self.pages[page]) or ".") + mark + anchor

    def text(self, page):
        """Returns the text of a page as it is in the site."""

        def replaced(match):
            if match["code"]:
                return match[0]
            return match["before"] + self.link(page, match["target"])

        text = (self.root / page).read_text(encoding="utf-8")
        return spaced("".join(part if code else LINK.sub(replaced, part) for part, code in blocks(text)))

    def write(self, folder):
        """Writes all pages, and the files that they show, into a new folder."""
        shutil.rmtree(folder, ignore_errors=True)
        texts = {name: self.text(page) for page, name in self.pages.items()}
        for name, text in texts.items():
            target = Path(folder, name)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
        for file, name in self.copied.items():
            target = Path(folder, name)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self.root / file, target)


def named_by(navigation):
    """Yields the pages that a navigation names."""
    for entry in navigation:
        for value in entry.values() if isinstance(entry, dict) else [entry]:
            if isinstance(value, list):
                yield from named_by(value)
            elif not SCHEME.match(value):
                yield value


def check_navigation(navigation, names):
    """Returns what is wrong with a navigation that must name each page once."""
    named = list(named_by(navigation))
    return (
        [f"the navigation lacks {name}" for name in sorted(set(names) - set(named))]
        + [f"the navigation names {name}, which does not exist" for name in sorted(set(named) - set(names))]
        + [f"the navigation names {name} twice" for name in sorted({n for n in named if named.count(n) > 1})]
    )
