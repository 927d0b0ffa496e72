"""An extension of Python-Markdown that does what GitHub does: anchors of headings, and | in tables."""

from markdown.extensions import Extension
from markdown.treeprocessors import Treeprocessor
from markdown.util import AtomicString


def anchor(title):
    """Returns the anchor of a heading, as docs/links_test.go does."""
    return "".join("-" if c == " " else c for c in title.lower() if c in " -_" or c.isalnum())


class Anchors(Treeprocessor):
    def run(self, root):
        used = set()
        for element in root.iter():
            if element.tag not in ("h1", "h2", "h3", "h4", "h5", "h6"):
                continue
            title = self.md.treeprocessors["unescape"].unescape("".join(element.itertext()))
            name = first = anchor(title.strip())
            number = 0
            while name in used:
                number += 1
                name = f"{first}-{number}"
            used.add(name)
            element.set("id", name)


class Cells(Treeprocessor):
    """In a cell of a table, a span of code that has a | writes it as \\|."""

    def run(self, root):
        for cell in root.iter():
            if cell.tag in ("td", "th"):
                for code in cell.iter("code"):
                    code.text = AtomicString((code.text or "").replace("\\|", "|"))


class GitHub(Extension):
    def extendMarkdown(self, md):
        md.treeprocessors.register(Cells(md), "github_cells", 7)
        # After the inline text is parsed, and before toc, which keeps an id that is there.
        md.treeprocessors.register(Anchors(md), "github_anchors", 6)


def makeExtension(**kwargs):
    return GitHub(**kwargs)
