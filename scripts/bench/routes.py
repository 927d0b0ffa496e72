#!/usr/bin/env python3
"""Measures the cost of routing by matchers and by a function: the same load on three ldcorns, in front of workers that
answer at once.

    routes.py --ldcorn bin/ldcorn [--rounds N] [--seconds S] [--json]

The first has a single string route, the second has 50 matcher routes (headers, cookies, hosts, in turn) before it, and the
third has a small route(req). A third of the requests matches a header, a third a cookie, and a third none of the 50; the
function looks up both in a table. Quote only the ratios of medians: requests per second (which should be at least 0.97,
or 0.9 for the function) and the proxy's CPU per request. The script needs wrk and nginx.
"""
import argparse, json, os, re, statistics, subprocess

from rig import Rig

HERE = os.path.dirname(os.path.abspath(__file__))
PORT = {"string": 9121, "matchers": 9122, "router": 9123}
ROUTES = {
    "string": 'routes=["*"]',
    "matchers": 'routes=[m for i in range(17) for m in [header("X-Tenant", "tenant-%d" % i), cookie("plan", "plan-%d" % i), '
                'host("shop-%d.example.com" % i)]][:50] + ["*"]',
    "router": 'routes=["*"]',
}
ROUTER = '''
TENANTS = {"tenant-%d" % i: "web" for i in range(17)}
PLANS = {"plan-%d" % i: "web" for i in range(17)}

def route(req):
    if req.path == "/old":
        return redirect("/new", 308)
    return TENANTS.get(req.header("X-Tenant")) or PLANS.get(req.cookie("plan"))

'''
# The requests of a browser for wrk: the three kinds in turn.
LOAD = """
local browser = {["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
  Accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", ["Accept-Language"] = "en-US,en;q=0.5",
  ["Accept-Encoding"] = "gzip, deflate, br", Host = "shop.example.com"}
local kinds, n = {{"X-Tenant", "tenant-16"}, {"Cookie", "sid=0123456789abcdef; plan=plan-15"}, {"Cookie", "sid=0123456789abcdef; plan=none"}}, 0
local requests = {}
init = function()
  for i, kind in ipairs(kinds) do
    local headers = {}
    for k, v in pairs(browser) do headers[k] = v end
    headers[kind[1]] = kind[2]
    requests[i] = wrk.format("GET", "/", headers)
  end
end
request = function() n = n % #requests + 1; return requests[n] end
"""


def cpu(pid):
    """Returns the CPU seconds of a process and all its threads, including dead ones."""
    with open(f"/proc/{pid}/stat") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(rig, pid, name, seconds):
    before = cpu(pid)
    out = subprocess.run(["wrk", "-t1", "-c64", f"-d{seconds}s", "-s", rig.path("load.lua"), f"http://127.0.0.1:{PORT[name]}/"],
                         capture_output=True, text=True, check=True).stdout
    if bad := re.search(r"Socket errors.*|Non-2xx.*", out):
        raise SystemExit(f"{name}: {bad.group(0)}")
    requests = int(re.search(r"(\d+) requests in", out).group(1))
    return {"us": (cpu(pid) - before) * 1e6 / requests, "rps": float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1))}


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--ldcorn", required=True)
    ap.add_argument("--rounds", type=int, default=7)
    ap.add_argument("--seconds", type=int, default=3)
    ap.add_argument("--json", action="store_true")
    args = ap.parse_args()
    rows = {name: [] for name in ROUTES}
    with Rig(args.ldcorn, f"{HERE}/fastworker") as rig:
        rig.write("load.lua", LOAD)
        more = {"router": {"before": ROUTER, "settings": "router=route,"}}
        pids = {name: rig.run_ldcorn(name, PORT[name], routes, **more.get(name, {})).pid for name, routes in ROUTES.items()}
        for r in range(args.rounds + 1):  # the first one warms up
            for name in ROUTES if r % 2 else reversed(ROUTES):
                got = measure(rig, pids[name], name, args.seconds)
                if r:
                    rows[name].append(got)
    out = {name: {k: statistics.median(x[k] for x in got) for k in ("us", "rps")} for name, got in rows.items()}
    for name in ("matchers", "router"):
        out[name]["ratio"] = {k: out[name][k] / out["string"][k] for k in ("us", "rps")}
    if args.json:
        print(json.dumps(out))
        return
    print("| routes | requests/s | µs of CPU per request |\n|---|---|---|")
    for name, label in (("string", "1 string"), ("matchers", "50 matchers and 1 string"), ("router", "a function and 1 string")):
        print(f"| {label} | {out[name]['rps']:.0f} | {out[name]['us']:.1f} |")
        if ratio := out[name].get("ratio"):
            print(f"| ratio | {ratio['rps']:.3f} | {ratio['us']:.3f} |")


main()
