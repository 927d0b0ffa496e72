#!/usr/bin/env python3
"""Proves what the access log loses and measures what it costs.

    accesslog.py --ldcorn bin/ldcorn [--modes whole,slow,lost,cost] [--requests N] [--rounds N] [--port P] [--json]

h2load makes exactly N requests on 64 connections of HTTP/1.1, and workers answer at once (fastworker). The log has
log_format="json". Each line must be a JSON object with an id that no other line has, and the lines and
ldcorn_access_log_lines_lost_total together must be exactly the requests that clients have made.

  whole  the log is a file: no line is lost
  slow   the log is a FIFO whose reader takes half as much per second as the disk: no line is lost. The disk's rate is
         measured before, with writes of 1 MiB that are on the disk at the end (fsync); the reader writes to a file there.
  lost   the reader of the FIFO takes a quarter of what the log of "whole" was per second: lines are lost, and counted
  cost   CPU of the master per request with the log in a file, as a ratio to that without a log. Two masters run, and
         get short loads in alternation; the ratio is the median of those of the rounds.

It exits 1 if a line is torn, missing or there twice, or if the cost is more than 1.15. It needs h2load and nginx, which
scripts/get-bench-tools installs.
"""
import argparse, json, os, re, statistics, subprocess, sys, time, urllib.request

from rig import Rig, wait_for

HERE = os.path.dirname(os.path.abspath(__file__))
MOST = 1.15
READER = """
import sys, time
rate, begun, taken = float(sys.argv[2]), None, 0
with open(sys.argv[1], "rb", buffering=0) as log, open(sys.argv[3], "wb", buffering=0) as out:
    while part := log.read(1 << 16):
        begun = begun or time.monotonic()
        out.write(part)
        taken += len(part)
        time.sleep(max(0, begun + taken / rate - time.monotonic()))
"""


def load(port, n):
    """Makes n requests and returns how many seconds that took."""
    out = subprocess.run(["h2load", "--h1", "-t1", "-c64", f"-n{n}", f"http://127.0.0.1:{port}/"], capture_output=True, text=True).stdout
    counts = re.search(r"requests: (\d+) total, .* (\d+) succeeded", out)
    if not counts or counts.group(1) != counts.group(2):
        raise SystemExit(f"not every request succeeded:\n{out}")
    seconds, unit = re.search(r"finished in ([\d.]+)(ms|s)", out).groups()
    return float(seconds) / (1000 if unit == "ms" else 1)


def cpu(pid):
    """Returns the CPU seconds of a process with all its threads, to the nanosecond."""
    return time.clock_gettime(~pid << 3 | 2)


def counters(port):
    """Returns the lost lines and the requests as the master counts them."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        text = answer.read().decode()
    value = lambda pattern: sum(int(float(n)) for n in re.findall(rf"(?m)^{pattern} (\S+)$", text))
    return value("ldcorn_access_log_lines_lost_total"), value(r"ldcorn_requests_total\{.*\}")


def master(rig, name, port, log):
    settings = f'admin="127.0.0.1:{port + 1}", access_log={log!r}, log_format="json",'
    return rig.run_ldcorn(name, port, "", settings=settings)


def lines(path):
    """Returns the number of lines of a log. It ends the program unless each is an object with an id of its own."""
    ids, n = set(), 0
    with open(path, "rb") as log:
        for n, line in enumerate(log, 1):
            try:
                ids.add(json.loads(line)["id"])
            except (ValueError, KeyError) as e:
                raise SystemExit(f"line {n} is torn ({e}): {line!r}")
            if not line.endswith(b"\n"):
                raise SystemExit(f"line {n} has no end: {line!r}")
    if len(ids) != n:
        raise SystemExit(f"{n} lines have {len(ids)} ids")
    return n


def count(path):
    with open(path, "rb") as log:
        return sum(part.count(b"\n") for part in iter(lambda: log.read(1 << 20), b""))


def prove(rig, name, port, path, written, n):
    """Makes n requests and returns what became of their lines. written is the file with those that were not lost."""
    p = master(rig, name, port, path)
    seconds = load(port, n)
    deadline = time.monotonic() + 600
    while count(written) + (lost := counters(port + 1)[0]) < n and time.monotonic() < deadline:
        time.sleep(0.2)
    lost, counted = counters(port + 1)
    p.terminate()
    p.wait(30)
    got = {"requests": n, "counted": counted, "lines": lines(written), "lost": lost, "rps": n / seconds,
           "log_rate": os.path.getsize(written) / seconds}
    if got["lines"] + lost != n or counted != n:
        raise SystemExit(f"{name}: requests are missing: {got}")
    return got


def disk_rate(rig, size=256 << 20):
    """Returns how many bytes per second the disk takes."""
    part, begun = os.urandom(1 << 20), time.monotonic()
    with open(rig.path("disk"), "wb", buffering=0) as f:
        for _ in range(size >> 20):
            f.write(part)
        os.fsync(f.fileno())
    seconds = time.monotonic() - begun
    os.unlink(rig.path("disk"))
    return size / seconds


def read_slowly(rig, name, port, rate, n):
    """Proves the same for the lines that a reader of a FIFO takes, which reads so many bytes per second."""
    fifo, out = rig.path(name + ".fifo"), rig.path(name + ".out")
    os.mkfifo(fifo)
    rig.spawn(name + "-reader", [sys.executable, "-c", READER, fifo, str(rate), out])
    hold = os.open(fifo, os.O_RDWR | os.O_NONBLOCK)  # so that opening it to write does not depend on when the reader begins
    got = prove(rig, name, port, fifo, out, n)
    os.close(hold)
    return {**got, "reader_rate": rate}


def cost(rig, port, rounds, n):
    pids = {"json": master(rig, "json", port, rig.path("cost.access")).pid, "none": master(rig, "none", port + 2, False).pid}
    ports = {"json": port, "none": port + 2}
    rows = {name: [] for name in pids}
    for r in range(rounds + 1):  # the first one warms up
        for name in pids if r % 2 else reversed(pids):
            before = cpu(pids[name])
            load(ports[name], n)
            time.sleep(0.05)  # for what is gathered
            if r:
                rows[name].append((cpu(pids[name]) - before) * 1e6 / n)
    ratios = [a / b for a, b in zip(rows["json"], rows["none"])]
    return {"json_us": statistics.median(rows["json"]), "none_us": statistics.median(rows["none"]), "ratio": statistics.median(ratios),
            "least": min(ratios), "most": max(ratios), "rounds": rounds, "requests": n}


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--ldcorn", required=True)
    ap.add_argument("--modes", default="whole,slow,lost,cost")
    ap.add_argument("--requests", type=int, default=1_000_000)
    ap.add_argument("--rounds", type=int, default=25, help="of the mode cost, with 20,000 requests to each master")
    ap.add_argument("--port", type=int, default=9161, help="the first of ten free ports")
    ap.add_argument("--json", action="store_true")
    args = ap.parse_args()
    out, modes, port = {}, args.modes.split(","), args.port
    with Rig(args.ldcorn, f"{HERE}/fastworker") as rig:
        if {"whole", "lost"} & set(modes):
            out["whole"] = prove(rig, "whole", port, rig.path("whole.access"), rig.path("whole.access"), args.requests)
        if "slow" in modes:
            rate = disk_rate(rig)
            out["slow"] = {**read_slowly(rig, "slow", port + 2, rate / 2, args.requests), "disk_rate": rate}
        if "lost" in modes:
            out["lost"] = read_slowly(rig, "lost", port + 4, out["whole"]["log_rate"] / 4, args.requests)
        if "cost" in modes:
            out["cost"] = cost(rig, port + 6, args.rounds, 20_000)
    bad = [f"{name}: {out[name]['lost']} lines are lost" for name in ("whole", "slow") if name in out and out[name]["lost"]]
    if "lost" in out and not out["lost"]["lost"]:
        bad.append("lost: the reader was too fast to lose a line")
    if "cost" in out and out["cost"]["ratio"] > MOST:
        bad.append(f"cost: {out['cost']['ratio']:.3f} is more than {MOST}")
    if args.json:
        print(json.dumps(out))
    else:
        table(out)
    sys.exit("\n".join(bad) or 0)


def table(out):
    print("| log | requests | whole lines | lost and counted | log, MB/s | its reader, MB/s |\n|---|---|---|---|---|---|")
    for name in ("whole", "slow", "lost"):
        if got := out.get(name):
            reader = f"{got['reader_rate'] / 1e6:.1f}" if "reader_rate" in got else "a file"
            print(f"| {name} | {got['requests']} | {got['lines']} | {got['lost']} | {got['log_rate'] / 1e6:.1f} | {reader} |")
    if got := out.get("slow"):
        print(f"\nThe disk takes {got['disk_rate'] / 1e6:.1f} MB/s.")
    if got := out.get("cost"):
        print("\n| µs of CPU per request | with the log | without | ratio, of pairs |\n|---|---|---|---|")
        print(f"| median of {got['rounds']} rounds | {got['json_us']:.1f} | {got['none_us']:.1f} | {got['ratio']:.3f} ({got['least']:.2f} to {got['most']:.2f}) |")


main()
