"""Checks a built site: its links, where its parts come from, and whether the generator reads a
page as GitHub does."""

import os
import posixpath
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from markdown_it import MarkdownIt

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
# The elements that a reader sees, as lists that are none, or a table that has become text.
SEEN = {"h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "table", "tr", "th", "td", "pre", "blockquote", "img", "strong", "em", "del"}
# What the browser loads for a page. A link of another kind, such as rel=next, only names something.
LOADED = {"script": ("src",), "img": ("src", "srcset"), "source": ("src", "srcset"), "iframe": ("src",), "link": ("href",)}


class Page(HTMLParser):
    """A page of the site: its links, what it loads, its anchors, and what its text looks like."""

    def __init__(self, text, article=True):
        super().__init__()
        self.links, self.loads, self.anchors, self.words = [], [], set(), []
        self.inside = not article
        self.hidden = 0
        self.feed(text)
        self.close()
        self.shape = "".join("".join(self.words).split())

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if attrs.get("id"):
            self.anchors.add(attrs["id"])
        if tag == "a" and attrs.get("href"):
            self.links.append(attrs["href"])
        self.loads += [attrs[name].split()[0] for name in LOADED.get(tag, ()) if attrs.get(name)]
        if tag == "article":
            self.inside = True
        if self.hidden or "headerlink" in attrs.get("class", "").split():
            self.hidden += tag not in VOID
        elif self.inside and tag in SEEN:
            self.words.append(f"<{tag}>")

    def handle_endtag(self, tag):
        if self.hidden:
            self.hidden -= 1
        elif tag == "article":
            self.inside = False
        elif self.inside and tag in SEEN:
            self.words.append(f"</{tag}>")

    def handle_data(self, data):
        if self.inside and not self.hidden:
            self.words.append(data)


def is_outside(target):
    parts = urlsplit(target)
    return bool(parts.netloc) or parts.scheme not in ("", "data")


def check_links(name, page, site):
    """Returns the links of a page that lead nowhere, and what it loads from elsewhere. `site` has all pages."""
    wrong = [f"{name} loads {target}, which is not part of the site" for target in page.loads if is_outside(target)]
    for target in page.links + [t for t in page.loads if not is_outside(t)]:
        parts = urlsplit(target)
        if parts.netloc or parts.scheme:
            continue
        there = posixpath.normpath(posixpath.join(posixpath.dirname(name), unquote(parts.path))) if parts.path else name
        if there not in site.files:
            wrong.append(f"{name}: the link {target} leads nowhere")
        elif parts.fragment and there in site.pages and unquote(parts.fragment) not in site.pages[there].anchors:
            wrong.append(f"{name}: the link {target}: {there} has no such anchor")
    return wrong


def check_text(name, page, source):
    """Returns where a page differs from its source as GitHub shows it, except for spaces."""
    # "gfm-like" without linkify is what the pages use of GitHub's Markdown.
    markdown = MarkdownIt("gfm-like", {"linkify": False, "html": True})
    want, got = Page(markdown.render(source), article=False).shape, page.shape
    if want == got:
        return []
    at = len(os.path.commonprefix([want, got]))
    return [f"{name}: after “{want[max(0, at - 60) : at]}”, GitHub shows “{want[at : at + 60]}”, the site “{got[at : at + 60]}”"]


class Site:
    """The files of a built site, and its pages by name."""

    def __init__(self, folder):
        folder = Path(folder)
        self.files = {f.relative_to(folder).as_posix() for f in folder.rglob("*") if f.is_file()}
        self.pages = {name: Page((folder / name).read_text(encoding="utf-8")) for name in sorted(self.files) if name.endswith(".html")}


def site(folder, sources):
    """Returns what is wrong with the site in a folder. `sources` has the Markdown of each page by its name."""
    built = Site(folder)
    wrong = []
    for name, page in built.pages.items():
        if name != "404.html":  # its links begin with the root of a server
            wrong += check_links(name, page, built)
    for name, text in sources.items():
        html = name.removesuffix(".md") + ".html"
        if html not in built.pages:
            wrong.append(f"the site has no {html}")
        else:
            wrong += check_text(html, built.pages[html], text)
    return wrong
