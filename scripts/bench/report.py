"""The tables of comparison.py and original.py, and the pages that they are written into."""
import os, re, statistics

DOCS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs")
NONE = "–"


def table(head, rows):
    """Returns a Markdown table. Each row has a title, and a cell for each other title of head."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def write_between(path, name, text):
    """Puts text between the markers of a name in a page."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    with open(path) as f:
        page = f.read()
    if page.count(begin) != 1 or page.count(end) != 1:
        raise SystemExit(f"{os.path.basename(path)} must have each of these lines once: {begin} and {end}")
    before, rest = page.split(begin)
    with open(path, "w") as f:
        f.write(f"{before}{begin}\n\n{text.strip()}\n\n{end}{rest.split(end)[1]}")


def middle(rounds, key):
    """Returns the median of a figure over the rounds that have it, or None."""
    values = [r[key] for r in rounds if r.get(key) is not None]
    return statistics.median(values) if values else None


def number(value, unit=""):
    """Returns a figure with as many digits as it is worth."""
    if value is None:
        return NONE
    return (f"{value:.0f}" if value >= 10 else f"{value:.1f}") + unit


def share(value):
    return NONE if value is None else f"{value * 100:.0f} %"


def ratio(key, of):
    """Returns a cell: how many times as long as without load, and how long."""
    def cell(rounds):
        ms = middle(rounds, of) if of else None
        return number(middle(rounds, key), " ×") + (f" ({'≥ ' * (ms >= 5000)}{ms:.0f} ms)" if ms is not None else "")
    return cell


def lost(failed, of):
    """Returns a cell: the failed requests of all rounds."""
    def cell(rounds):
        return f"{sum(r[failed] for r in rounds)} of {sum(r[of] for r in rounds)}"
    return cell


def took(rounds):
    """Returns how long something has taken, unless it did not happen in a round."""
    if any(r["ended"] for r in rounds):
        return "never: it ended"
    if any(r["seconds"] is None for r in rounds):
        return "too long"
    return number(middle(rounds, "seconds"), " s")


def serves(rounds):
    """Returns whether the old code serves after a broken deploy."""
    if any(r["ended"] for r in rounds):
        return "no: it ended"
    if any(r["serves"] < r["of"] for r in rounds):
        return f"{sum(r['serves'] for r in rounds)} of {sum(r['of'] for r in rounds)} requests"
    left = min(r["processes"] for r in rounds)
    return "yes" if left >= 4 else f"yes, with {left} of 4 processes"


def at_once(rounds):
    most = max(r["at_once"] for r in rounds)
    return str(most) if rounds[0]["offered"] else f"not offered ({most})"


def with_lock(rounds):
    if not any(r["lock"] for r in rounds):
        return "not needed"
    return str(max(r.get("at_once_with_lock", 0) for r in rounds))


# The rows: their job, their title, and what makes a cell of the results of a server in all rounds.
ROWS = [
    ("plain", "`/fast`, nothing else, 16 clients: requests per second", lambda r: number(middle(r, "per_second"))),
    ("isolation", "`/fast` while `/slow` is saturated, p99 to that when idle", ratio("fast_ratio", "fast_p99_ms")),
    ("isolation", "health probe meanwhile, p99 to that when idle", ratio("health_ratio", "health_p99_ms")),
    ("reload", "reload: failed requests of clients that keep alive", lost("keep_alive_failed", "keep_alive")),
    ("reload", "reload: failed requests of clients that send 200 ms after they connect", lost("late_failed", "late")),
    ("reload", "reload: time until all processes have the new code", took),
    ("broken", "broken deploy: does the old code serve?", serves),
    ("broken", "broken deploy: failed requests", lost("failed", "requests")),
    ("kill", "`kill -9` of a process: failed requests", lost("failed", "requests")),
    ("kill", "`kill -9` of a process: time to full strength", took),
    ("overload", "overload: goodput, of the capacity", lambda r: share(middle(r, "goodput"))),
    ("overload", "overload: work in vain, of all work", lambda r: share(middle(r, "in_vain"))),
    ("gpu", "GPU: requests in the app at once, at most", at_once),
    ("gpu", "GPU: the same with a lock in the app", with_lock),
    ("gpu", "GPU: `/fast` meanwhile, p99 to that when idle", ratio("fast_ratio", None)),
    ("memory", "memory of all processes, idle", lambda r: number(middle(r, "idle_mb"), " MB")),
    ("memory", "memory of all processes, after load and a reload", lambda r: number(middle(r, "after_mb"), " MB")),
]


def comparison(names, results, failures):
    """Returns the table of results[server][job], which has one result for each round."""
    rows = []
    for job, title, cell in ROWS:
        if any(results[n].get(job) or (n, job) in failures for n in names):
            rows.append([title, *(cell(results[n][job]) if results[n].get(job) else "failed" if (n, job) in failures else NONE
                                  for n in names)])
    return table(["", *names], rows)


def anonymous(text):
    """Returns a text without folders of this machine and colors."""
    return re.sub(r"\x1b\[[\d;]*m", "", re.sub(r"/[^\s'\"]*/", "", text)).strip()


def chosen(ap, text, known):
    """Returns the names in a list with commas, in which - can stand for a space."""
    names = {n.replace(" ", "-"): n for n in known}
    out = [names.get(word.strip().replace(" ", "-"), "") for word in text.split(",")]
    if "" in out:
        ap.error(f"got {text!r}, want some of: {', '.join(names)}")
    return out
