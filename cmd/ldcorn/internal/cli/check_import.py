# Imports an application as Uvicorn would: python -c SCRIPT module:attribute app-dir
# Exits 0 where that works, 4 where the import fails (the traceback is on stderr),
# 5 where the module lacks the attribute, 6 where that is no application, 7 where
# there is no such module.
import importlib
import os
import sys
import traceback


def leave(code):
    # The app may have started threads that would keep the interpreter.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def main(app, app_dir):
    importlib.import_module("uvicorn")
    sys.path.insert(0, app_dir)
    module, _, attribute = app.partition(":")
    try:
        found = importlib.import_module(module)
    except BaseException as exc:
        tb = exc.__traceback__
        while tb is not None and ("importlib" in tb.tb_frame.f_code.co_filename or tb.tb_frame.f_code.co_filename == "<string>"):
            tb = tb.tb_next
        traceback.print_exception(type(exc), exc, tb)
        missing = isinstance(exc, ModuleNotFoundError) and exc.name and (module + ".").startswith(exc.name + ".")
        leave(7 if missing else 4)
    for name in attribute.split("."):
        try:
            found = getattr(found, name)
        except AttributeError:
            have = [n for n in vars(found) if not n.startswith("_") and callable(getattr(found, n))]
            print("module %r has no %r; it has %s" % (module, name, ", ".join(have) or "nothing to call"), file=sys.stderr)
            leave(5)
    if not callable(found):
        print("%s is %r" % (app, type(found).__name__), file=sys.stderr)
        leave(6)
    leave(0)


main(sys.argv[1], sys.argv[2])
