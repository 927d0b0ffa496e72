#!/usr/bin/env python3
"""Measures what buffers cost a proxy: its memory during a large upload, and the delay of events in a stream.

    upload.py --ldcorn bin/ldcorn [--python python3] [--size MB] [--rounds N]

A client uploads 1 GiB to a worker that handles one request at a time. The script prints the rate, by how much the peak
of the proxy's resident memory is above its memory before the upload, and how much the proxy wrote to the disk. For ldcorn,
the memory of the master should grow by less than 8 MB.

Then clients receive server-sent events, one every 50 ms, and the script prints the time to the first byte and by how much
the events are late. The app sends the clock in each event. The proxies run one at a time, in interleaved rounds:

  ldcorn         max_req_per_worker=1, request_buffer and response_buffer at their defaults
  ldcorn-stream  request_buffer=0, response_buffer=0
  nginx          proxy_request_buffering on, proxy_buffering on: it keeps the whole upload
  nginx-stream   the same, off
"""
import argparse, asyncio, os, random, re, shutil, socket, statistics, sys, time
from rig import Rig, answers, percentile, wait_for

PORT = {"ldcorn": 9144, "ldcorn-stream": 9145, "nginx": 9146, "nginx-stream": 9147}
EVENTS, EVERY = 30, 0.05  # of a stream; seconds between them
GROWTH = 8  # MB

APP = '''
import asyncio, time


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while (await receive())["type"] != "lifespan.shutdown":
            await send({"type": "lifespan.startup.complete"})
        await send({"type": "lifespan.shutdown.complete"})
        return
    size = 0
    if scope["method"] == "POST":
        more = True
        while more:
            got = await receive()
            size += len(got.get("body", b""))
            more = got.get("more_body")
    if scope["path"] == "/events":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
        for _ in range(EVENTS):
            await send({"type": "http.response.body", "body": b"data: %.6f\\n\\n" % time.monotonic(), "more_body": True})
            await asyncio.sleep(EVERY)
        await send({"type": "http.response.body"})
        return
    said = b"%d" % size
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(said))]})
    await send({"type": "http.response.body", "body": said})
'''


def memory(pid, key):
    with open(f"/proc/{pid}/status") as f:
        return int(re.search(key + r":\s+(\d+)", f.read()).group(1)) * 1024


def written(pid):
    with open(f"/proc/{pid}/io") as f:
        return int(re.search(r"write_bytes: (\d+)", f.read()).group(1))


def upload(port, pid, size):
    """Uploads a body and returns bytes per second, the growth of the proxy's memory, and the bytes that it wrote to disk."""
    with open(f"/proc/{pid}/clear_refs", "w") as f:
        f.write("5")  # the peak begins again
    before, wrote, begun = memory(pid, "VmRSS"), written(pid), time.perf_counter()
    block = memoryview(bytes(1 << 20))
    with socket.create_connection(("127.0.0.1", port), 60) as s:
        s.sendall(b"POST /upload HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % size)
        for at in range(0, size, len(block)):
            s.sendall(block[:size - at])
        got = b""
        while part := s.recv(4096):
            got += part
    if not got.startswith(b"HTTP/1.1 200") or not got.endswith(b"\r\n\r\n%d" % size):
        raise SystemExit(f"port {port}: {got[:200]!r} for an upload of {size} bytes")
    return size / (time.perf_counter() - begun), memory(pid, "VmHWM") - before, written(pid) - wrote


async def events(port):
    """Returns the time to the first byte of the body, and by how much each event was late, in ms."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    begun = time.monotonic()
    writer.write(b"GET /events HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    first, late = None, []
    while line := await reader.readline():
        if line.startswith(b"data: "):
            now = time.monotonic()
            first = first or (now - begun) * 1000
            late.append((now - float(line[6:])) * 1000)
    writer.close()
    if len(late) != EVENTS:
        raise SystemExit(f"port {port}: {len(late)} of {EVENTS} events")
    return first, late


def start(rig, name):
    port = PORT[name]
    if name.startswith("ldcorn"):
        off = ", request_buffer=0, response_buffer=0" if name.endswith("stream") else ""
        p = rig.run_ldcorn(name, port, "instances=1, max_req_per_worker=1" + off)
    else:
        off = "proxy_request_buffering off; proxy_buffering off;" if name.endswith("stream") else ""
        p = rig.run_nginx(name, port, rig.worker(name + "-worker"), off)
    wait_for(lambda: answers(port))
    return p.pid


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--ldcorn", required=True)
    ap.add_argument("--python", default="/usr/bin/python3", help="a Python with Uvicorn")
    ap.add_argument("--size", type=int, default=1024, help="MiB of the upload")
    ap.add_argument("--rounds", type=int, default=5)
    args = ap.parse_args()
    if not shutil.which("nginx"):
        raise SystemExit("nginx is not installed; make upload does that")
    with Rig(args.ldcorn, args.python) as rig:
        rig.write("app.py", APP.replace("EVENTS", str(EVENTS)).replace("EVERY", str(EVERY)))
        pid = {name: start(rig, name) for name in PORT}
        print(f"| upload of {args.size} MiB | MB/s | memory grew by, MB | written to disk, MB |\n|---|---|---|---|", flush=True)
        for name in PORT:
            rate, grew, wrote = upload(PORT[name], pid[name], args.size << 20)
            print(f"| {name} | {rate / 1e6:.0f} | {grew / 1e6:.2f} | {wrote / 1e6:.0f} |", flush=True)
            if name == "ldcorn":
                ours = grew / 1e6
        firsts, lates = {name: [] for name in PORT}, {name: [] for name in PORT}
        for _ in range(args.rounds):
            for name in random.sample(sorted(PORT), len(PORT)):
                first, late = asyncio.run(events(PORT[name]))
                firsts[name].append(first)
                lates[name] += late
    print("\n| events | first byte after, ms | late by, ms | p99 |\n|---|---|---|---|")
    for name in PORT:
        print(f"| {name} | {statistics.median(firsts[name]):.2f} | {percentile(lates[name], 50):.2f} | {percentile(lates[name], 99):.2f} |")
    print(f"\nldcorn's memory grew by {ours:.1f} MB (less than {GROWTH} is good); its first event came after "
          f"{statistics.median(firsts['ldcorn']) / statistics.median(firsts['ldcorn-stream']):.2f} of the time without buffers, "
          f"{statistics.median(firsts['ldcorn']) / statistics.median(firsts['nginx']):.2f} of nginx's")


if __name__ == "__main__":
    sys.exit(main())
