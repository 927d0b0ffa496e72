"""The Python ldcorn, with the groups of ldconfig.star, as far as it has their settings."""
import os

from ldcorn.config import LdConfig, WorkerGroup


def group(name, **rest):
    return WorkerGroup(name=name, app="app:app", uvicorn_log_level="warning", **rest)


if os.environ.get("OVERLOAD"):
    workers = [group("web", instances=4, max_req_per_worker=2)]
else:
    workers = [
        group("web", instances=2),
        group("slow", max_req_per_worker=1, routes=["/slow"]),
        group("gpu", max_req_per_worker=1, routes=["/gpu"]),
    ]
config = LdConfig(bind=os.environ["BIND"], workers=workers)
