"""Builds the site from the Markdown of the repository: build.py [FOLDER].

The site is in FOLDER/html, by default .site/html of the repository. The build fails if a page is
missing from the navigation, if a link or an anchor leads nowhere, if a page needs anything from
another host, and if the generator reads a page differently than GitHub.
"""

import os
import shutil
import subprocess
import sys
import tomli
from pathlib import Path

import check
import pages

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent


def generate(folder):
    """Runs the generator in a folder, and returns what it says, or None if all is well."""
    # It would otherwise not find the extension beside this file.
    env = {**os.environ, "PYTHONPATH": str(HERE), "PYTHONDONTWRITEBYTECODE": "1", "NO_COLOR": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "zensical", "build", "--clean", "--strict"],
        cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )
    return done.stdout if done.returncode else None


def build(folder):
    """Builds the site in a folder, and returns what is wrong with it."""
    with open(HERE / "zensical.toml", "rb") as file:
        navigation = tomli.load(file)["project"]["nav"]
    source = pages.Pages(ROOT)
    wrong = pages.check_navigation(navigation, source.pages.values())
    if wrong:
        return wrong
    shutil.rmtree(folder / "new", ignore_errors=True)
    source.write(folder / "pages")
    shutil.copyfile(HERE / "zensical.toml", folder / "zensical.toml")
    shutil.rmtree(folder / "theme", ignore_errors=True)
    shutil.copytree(HERE / "theme", folder / "theme")
    said = generate(folder)
    if said is not None:
        return [f"zensical: {said}"]
    wrong = check.site(folder / "new", {name: (ROOT / page).read_text(encoding="utf-8") for page, name in source.pages.items()})
    if not wrong:
        shutil.rmtree(folder / "html", ignore_errors=True)
        (folder / "new").rename(folder / "html")
    return wrong


def main():
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / ".site")
    folder.mkdir(parents=True, exist_ok=True)
    try:
        wrong = build(folder)
    except pages.Problem as err:
        wrong = [str(err)]
    for line in wrong:
        print(f"site: {line}", file=sys.stderr)
    if wrong:
        shutil.rmtree(folder / "html", ignore_errors=True)  # nobody takes an old site for the new one
        sys.exit(1)
    print(f"site: {folder / 'html' / 'index.html'}")


main()
