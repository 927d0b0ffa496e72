"""The Uvicorn worker of gunicorn with Uvicorn's limit of concurrency, for the overload: its documentation advises to
subclass the worker for options of Uvicorn."""
from uvicorn_worker import UvicornWorker


class LimitedWorker(UvicornWorker):
    CONFIG_KWARGS = {**UvicornWorker.CONFIG_KWARGS, "limit_concurrency": 8}
