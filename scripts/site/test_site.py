"""Tests of pages.py, github.py and check.py, on a repository of a few files."""

import tempfile
import textwrap
import unittest
from pathlib import Path

from markdown import Markdown

import check
import github
import pages


class PagesTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        for name in ("README.md", "docs/a.md", "docs/b.md", "docs/images/x.png", "docs/schema/a.json", "examples/one/README.md", "examples/two/app.py", ".hidden/c.md"):
            self.write(name, f"# {name}\n")

    def write(self, name, text):
        (self.root / name).parent.mkdir(parents=True, exist_ok=True)
        (self.root / name).write_text(textwrap.dedent(text), encoding="utf-8")

    def test_names(self):
        self.assertEqual(pages.Pages(self.root).pages, {
            "README.md": "index.md", "docs/a.md": "a.md", "docs/b.md": "b.md", "examples/one/README.md": "examples/one.md",
        })

    def test_two_pages_of_one_name(self):
        self.write("docs/index.md", "")
        with self.assertRaisesRegex(pages.Problem, "the same name"):
            pages.Pages(self.root)

    def test_links(self):
        site = pages.Pages(self.root)
        for page, target, want in (
            ("README.md", "docs/a.md#top", "a.md#top"),
            ("docs/a.md", "b.md", "b.md"),
            ("docs/a.md", "../README.md", "index.md"),
            ("docs/a.md", "#here", "#here"),
            ("docs/a.md", "https://example.com/b.md", "https://example.com/b.md"),
            ("docs/a.md", "images/x.png", "images/x.png"),
            ("docs/a.md", "schema/a.json", "schema/a.json"),
            ("docs/a.md", "../examples/one", "examples/one.md"),
            ("docs/a.md", "../examples/two", "https://github.com/ldcorn/ldcorn/tree/main/examples/two"),
            ("docs/a.md", "../examples/two/app.py#L1", "https://github.com/ldcorn/ldcorn/blob/main/examples/two/app.py#L1"),
            ("examples/one/README.md", "../../docs/a.md#top", "../a.md#top"),
        ):
            self.assertEqual(site.link(page, target), want)
        self.assertEqual(site.copied, {"docs/images/x.png": "images/x.png", "docs/schema/a.json": "schema/a.json"})
        for target in ("c.md", "../../outside.md"):
            with self.assertRaisesRegex(pages.Problem, "leads nowhere"):
                site.link("docs/a.md", target)

    def test_text(self):
        self.write("docs/a.md", """\
            [b](b.md), `[c](c.md)` and ``[`d`](d.md)``

            ```
            [e](e.md)
            - e
            ```
            [f]: b.md
            <img src="images/x.png">
            """)
        self.assertEqual(pages.Pages(self.root).text("docs/a.md"), (self.root / "docs/a.md").read_text(encoding="utf-8"))
        self.write("README.md", "[a](docs/a.md)\n`` [a](docs/a.md) ``\n\n[f]: docs/b.md\n")
        self.assertEqual(pages.Pages(self.root).text("README.md"), "[a](a.md)\n`` [a](docs/a.md) ``\n\n[f]: b.md\n")

    def test_navigation(self):
        navigation = [{"Home": "index.md"}, {"Group": [{"A": "a.md"}, "gone.md", {"Deep": [{"A": "a.md"}]}]}, {"Out": "https://example.com"}]
        self.assertEqual(pages.check_navigation(navigation, ["index.md", "a.md", "b.md"]), [
            "the navigation lacks b.md",
            "the navigation names gone.md, which does not exist",
            "the navigation names a.md twice",
        ])


class CheckTest(unittest.TestCase):
    def problems(self, **files):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in files.items():
                Path(folder, f"{name}.html").write_text(text, encoding="utf-8")
            return check.site(folder, {})

    def test_links(self):
        fine = '<a href="b.html#x">b</a><a href="#y">y</a><i id="y"></i><a href="https://example.com/no">out</a><a href="./b.html">b</a>'
        self.assertEqual(self.problems(a=fine, b='<p id="x">'), [])
        self.assertEqual(self.problems(a='<a href="c.html"></a><img src="c.png"><a href="b.html#z"></a><a href="#z"></a>', b="<p>"), [
            "a.html: the link c.html leads nowhere",
            "a.html: the link b.html#z: b.html has no such anchor",
            "a.html: the link #z: a.html has no such anchor",
            "a.html: the link c.png leads nowhere",
        ])

    def test_other_hosts(self):
        text = '<script src="https://a.example/x.js"></script><link rel="stylesheet" href="//b.example/x.css"><img src="data:,"><img src="http://c.example/i.png">'
        self.assertEqual(self.problems(a=text), [f"a.html loads {x}, which is not part of the site" for x in ("https://a.example/x.js", "//b.example/x.css", "http://c.example/i.png")])

    def test_text(self):
        def html(source):
            return check.Page("<article>" + Markdown(extensions=["tables", "fenced_code", github.GitHub()]).convert(source) + "</article>")

        source = "# A\n\ntext:\n- one\n- two\n  more\n\n  | a | b |\n  |---|---|\n  | `x\\|y` | z |\n- three\n\nend\n"
        self.assertEqual(check.check_text("a.html", html(pages.spaced(source)), source), [])
        [problem] = check.check_text("a.html", html(source), source)
        self.assertIn("GitHub shows “<ul><li>one", problem)


class GitHubTest(unittest.TestCase):
    def test_anchors(self):
        page = check.Page(Markdown(extensions=[github.GitHub(), "toc"]).convert("# What `x_y`, [z](z) & *co* do\n\n## A\n\n## A\n\n## Über-set 2\n"))
        self.assertEqual(page.anchors, {"what-x_y-z--co-do", "a", "a-1", "über-set-2"})


if __name__ == "__main__":
    unittest.main()
