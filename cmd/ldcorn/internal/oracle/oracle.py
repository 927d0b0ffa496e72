# Loads a configuration with the Python ldcorn, and writes what it makes of it as JSON.
#
#   python3 oracle.py file result-file cpus
import dataclasses
import json
import os
import sys

_, path, result, cpus = sys.argv
sys.argv = ["ldcorn", "-c", path]
sys.path.pop(0)
os.cpu_count = lambda: int(cpus)  # that of ldcorn respects the limit of a container
before, folder = dict(os.environ), os.getcwd()

from ldcorn.cli import load_config  # noqa: E402

config = load_config(path)
groups = []
for group in config.workers:
    values = {f.name: getattr(group, f.name) for f in dataclasses.fields(type(group))}
    groups.append({
        "name": str.__str__(values["name"]),
        "app": str.__str__(values["app"]),
        "instances": len(range(values["instances"])),
        "max_req_per_worker": float(values["max_req_per_worker"]),
        "routes": [str.__str__(r) for r in values["routes"]],
        "reload_on_sighup": bool(values["reload_on_sighup"]),
        "uvicorn_log_level": str.__str__(values["uvicorn_log_level"]),
        "max_restarts_on_crash": float(values["max_restarts_on_crash"]),
        "restart_backoff_on_crash": float(values["restart_backoff_on_crash"]),
    })
environ = {k: v for k, v in os.environ.items() if before.get(k) != v}
with open(result, "w") as f:
    json.dump({"bind": config.bind, "groups": groups, "environ": environ, "cwd": "" if os.getcwd() == folder else os.getcwd()}, f)
