#!/usr/bin/env python3
"""Compares what a request costs over HTTP/2 with TLS: ldcorn beside nginx and HAProxy, in the same run.

    http2.py --ldcorn bin/ldcorn [--rounds N] [--seconds S] [--modes h2,http/1.1] [--peers nginx,haproxy] [--port P] [--json]

h2load keeps 10 streams on each of 10 connections, and each answer has 12 bytes. The proxies run one at a time, with the
same certificate and in front of workers that answer at once (fastworker), in interleaved rounds in random order. Quote
only the ratios of medians. The CPU time is that of the proxy's processes, without its workers. The second table is the
same with 10 connections of HTTP/1.1. The script needs h2load, openssl, nginx and haproxy; `make bench` installs them.
"""
import argparse, json, os, random, re, shutil, statistics, subprocess

from rig import Rig, wait_for

HERE = os.path.dirname(os.path.abspath(__file__))
MODES = {"h2": ["-m10"], "http/1.1": ["--h1"]}


def certificate(rig):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                    "-keyout", rig.path("key.pem"), "-out", rig.path("cert.pem")], check=True, capture_output=True)
    with open(rig.path("cert.pem")) as cert, open(rig.path("key.pem")) as key:
        rig.write("both.pem", cert.read() + key.read())


def nginx(rig, port, sock):
    d = rig.dir
    rig.write("nginx.conf", f"""
daemon off; master_process off; worker_processes 1; pid {d}/nginx.pid; error_log {d}/nginx.err;
{"user root;" if os.getuid() == 0 else ""}
events {{ worker_connections 8000; multi_accept on; }}
http {{ access_log off; keepalive_requests 100000000; keepalive_timeout 300s; client_body_temp_path {d}; proxy_temp_path {d};
  fastcgi_temp_path {d}; uwsgi_temp_path {d}; scgi_temp_path {d}; ssl_certificate {d}/cert.pem; ssl_certificate_key {d}/key.pem;
  upstream up {{ server unix:{sock}; keepalive 512; keepalive_requests 100000000; }}
  server {{ listen 127.0.0.1:{port} ssl http2; location / {{ proxy_pass http://up; proxy_http_version 1.1; proxy_set_header Connection "";
    proxy_set_header Host $http_host; proxy_set_header X-Forwarded-For $remote_addr; proxy_set_header X-Forwarded-Proto https; }} }} }}
""")
    return rig.spawn("nginx", ["nginx", "-c", rig.path("nginx.conf")])


def haproxy(rig, port, sock):
    rig.write("haproxy.cfg", f"""
global
  maxconn 9000
  nbthread 1
defaults
  mode http
  timeout client 600s
  timeout server 600s
  timeout connect 5s
  option forwardfor
  http-reuse always
frontend f
  bind 127.0.0.1:{port} ssl crt {rig.path("both.pem")} alpn h2,http/1.1
  default_backend b
backend b
  http-request set-header X-Forwarded-Proto https
  server s unix@{sock} pool-max-conn -1 maxconn 9000
""")
    return rig.spawn("haproxy", ["haproxy", "-f", "haproxy.cfg", "-db"])


def ldcorn(rig, port, _):
    rig.write("ldcorn.star", f'config = LdConfig(bind=listen("127.0.0.1:{port}", tls=tls("cert.pem", key="key.pem")), '
              f'workers=[WorkerGroup(name="web", app="app:app", uvicorn_log_level="warning", python="{HERE}/fastworker")])\n')
    return rig.spawn("ldcorn", [rig.ldcorn, "-c", "ldcorn.star"])


def cpu(pid):
    """Returns the CPU seconds of a process and all its threads, including dead ones."""
    with open(f"/proc/{pid}/stat") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def load(port, *more):
    out = subprocess.run(["h2load", "-t1", "-c10", *more, f"https://127.0.0.1:{port}/"], capture_output=True, text=True).stdout
    return re.search(r"requests: .* (\d+) succeeded, (\d+) failed, (\d+) errored", out), re.search(r"([\d.]+) req/s", out)


def measure(pid, port, mode, seconds):
    before = cpu(pid)
    counts, rate = load(port, "-D", str(seconds), *MODES[mode])
    done, failed, errored = (int(n) for n in counts.groups())
    if failed or errored:
        raise SystemExit(f"port {port}: {failed} requests failed, {errored} had errors")
    return {"us": (cpu(pid) - before) * 1e6 / max(done, 1), "rps": float(rate.group(1))}


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--ldcorn", required=True)
    ap.add_argument("--rounds", type=int, default=5)
    ap.add_argument("--seconds", type=int, default=3)
    ap.add_argument("--modes", default=",".join(MODES))
    ap.add_argument("--peers", default="nginx,haproxy")
    ap.add_argument("--port", type=int, default=9131, help="the first of a few free ports")
    ap.add_argument("--json", action="store_true")
    args = ap.parse_args()
    starters = {"ldcorn": ldcorn, "nginx": nginx, "haproxy": haproxy}
    names = ["ldcorn"] + [p for p in args.peers.split(",") if p]
    for tool in ["h2load", "openssl", "nginx", *names[1:]]:
        if not shutil.which(tool):
            raise SystemExit(f"{tool} is not installed; make bench does that")
    modes = args.modes.split(",")
    rows = {mode: {name: [] for name in names} for mode in modes}
    with Rig(args.ldcorn, f"{HERE}/fastworker") as rig:
        certificate(rig)
        sock = rig.path("up.sock")
        rig.spawn("up", [rig.python, "-m", "uvicorn", "app:app", "--uds", sock])
        wait_for(lambda: os.path.exists(sock))
        ports = {name: args.port + i for i, name in enumerate(names)}
        pids = {name: starters[name](rig, ports[name], sock).pid for name in names}
        for name in names:
            wait_for(lambda: (got := load(ports[name], "-n10")[0]) and got.group(1) == "10")
        for r in range(args.rounds + 1):  # the first one warms up
            for mode in modes:
                for name in random.sample(names, len(names)):
                    got = measure(pids[name], ports[name], mode, args.seconds)
                    if r:
                        rows[mode][name].append(got)
    out = {mode: {name: {k: statistics.median(x[k] for x in got) for k in ("us", "rps")} for name, got in by.items()} for mode, by in rows.items()}
    for by in out.values():
        if "nginx" in by:
            by["ratio"] = {k: by["ldcorn"][k] / by["nginx"][k] for k in ("us", "rps")}
    if args.json:
        print(json.dumps(out))
        return
    for mode, by in out.items():
        print(f"| {mode} over TLS 1.3 | requests/s | µs of CPU per request |\n|---|---|---|")
        for name, got in by.items():
            digits = 2 if name == "ratio" else 1
            label = "ldcorn / nginx" if name == "ratio" else name
            print(f"| {label} | {got['rps']:.{digits if name == 'ratio' else 0}f} | {got['us']:.{digits}f} |")
        print()


main()
