#!/usr/bin/env python3
"""Compares the files that ldcorn serves with those of nginx, in the same run.

    static.py --ldcorn bin/ldcorn [--modes 1k,1m,many] [--rounds N] [--seconds S] [--json]

The servers run one at a time, in interleaved rounds. Quote only the ratios of medians; absolute figures depend on the
machine.

  1k    64 keep-alive clients, a file of 1 KiB         CPU per request, microseconds
  1m    16 keep-alive clients, a file of 1 MiB         CPU per request, microseconds
  many  64 keep-alive clients, 15,000 files of 1 KiB   CPU per request, microseconds

nginx serves with sendfile, as its documentation advises, and once more with its cache of open files (open_file_cache).
The CPU time of ldcorn is that of the master, with the goroutines that do its file work. It needs wrk and nginx, which
scripts/get-bench-tools installs.
"""
import argparse, json, os, re, statistics, subprocess

from rig import Rig, answers, wait_for

HERE = os.path.dirname(os.path.abspath(__file__))
PORT = {"ldcorn": 9121, "nginx": 9122, "nginx-cache": 9123}
LOAD = {"1k": (64, "/1k"), "1m": (16, "/1m"), "many": (64, "/")}
MANY = 15_000
NGINX = """
daemon off; master_process off; worker_processes 1; worker_rlimit_nofile 20000; pid {d}/{name}.pid; error_log {d}/{name}.err;
{user}
events {{ worker_connections 9000; multi_accept on; }}
http {{ access_log off; keepalive_requests 100000000; keepalive_timeout 300s; sendfile on; default_type application/octet-stream;
  client_body_temp_path {d}; proxy_temp_path {d}; fastcgi_temp_path {d}; uwsgi_temp_path {d}; scgi_temp_path {d};
  {cache}
  server {{ listen 127.0.0.1:{port} backlog=4096; root {d}/files; }} }}
"""
CACHE = "open_file_cache max=30000 inactive=60s; open_file_cache_valid 1s;"
SCRIPT = f"""
local n = 0
request = function()
  n = (n * 69621 + 1) % 2147483647
  return wrk.format("GET", string.format("/many/%d", n % {MANY}))
end
"""


def cpu(pid):
    """Returns the CPU seconds of a process and all its threads, including dead ones."""
    with open(f"/proc/{pid}/stat") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(rig, pid, name, mode, seconds):
    conns, path = LOAD[mode]
    script = ["-s", rig.path("many.lua")] if mode == "many" else []
    before = cpu(pid)
    out = subprocess.run(["wrk", "-t1", f"-c{conns}", f"-d{seconds}s", *script, f"http://127.0.0.1:{PORT[name]}{path}"],
                         capture_output=True, text=True, check=True).stdout
    if bad := re.search(r"Socket errors.*|Non-2xx.*", out):
        raise SystemExit(f"{name}: {bad.group(0)}")
    requests = int(re.search(r"(\d+) requests in", out).group(1))
    return {"us": (cpu(pid) - before) * 1e6 / requests, "rps": float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1))}


def serve(rig):
    os.makedirs(rig.path("files/many"))
    os.chmod(rig.dir, 0o755)
    for name, size in (("1k", 1 << 10), ("1m", 1 << 20)):
        rig.write("files/" + name, "x" * size)
    for i in range(MANY):
        rig.write(f"files/many/{i}", "x" * 1024)
    rig.write("many.lua", SCRIPT)
    pids = {"ldcorn": rig.run_ldcorn("ldcorn", PORT["ldcorn"], "", settings='static=[static("/", dir="files")],').pid}
    for name in ("nginx", "nginx-cache"):
        rig.write(name + ".conf", NGINX.format(d=rig.dir, name=name, port=PORT[name], user="user root;" if os.getuid() == 0 else "",
                                               cache=CACHE if name == "nginx-cache" else ""))
        pids[name] = rig.spawn(name, ["nginx", "-c", rig.path(name + ".conf")]).pid
    for name in pids:
        wait_for(lambda: answers(PORT[name], "/1k"))
    return pids


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--ldcorn", required=True)
    ap.add_argument("--python", help="not needed: the worker gets no requests")
    ap.add_argument("--modes", default="1k,1m,many")
    ap.add_argument("--rounds", type=int, default=5)
    ap.add_argument("--seconds", type=int, default=3)
    ap.add_argument("--json", action="store_true")
    args = ap.parse_args()
    out = {}
    with Rig(args.ldcorn, f"{HERE}/fastworker") as rig:
        pids = serve(rig)
        for mode in args.modes.split(","):
            rows = {name: [] for name in pids}
            for r in range(args.rounds + 1):  # the first one warms up
                for name in pids if r % 2 else reversed(pids):
                    got = measure(rig, pids[name], name, mode, args.seconds)
                    if r:
                        rows[name].append(got)
            out[mode] = {name: {k: statistics.median(x[k] for x in got) for k in ("us", "rps")} for name, got in rows.items()}
    if args.json:
        print(json.dumps(out))
        return
    print("| files | server | requests/s | µs of CPU per request | ldcorn's as a ratio |\n|---|---|---|---|---|")
    for mode, servers in out.items():
        for name, v in servers.items():
            print(f"| {mode} | {name} | {v['rps']:.0f} | {v['us']:.1f} | {servers['ldcorn']['us'] / v['us']:.2f} |")


main()
