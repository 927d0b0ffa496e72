package reference

// A Code identifies a kind of diagnostic. Codes are stable: a code never gets
// another meaning.
type Code struct {
	ID      string // L and a number for errors, W and a number for warnings
	Meaning string // the mistake, without a final period
	Advice  string // background or a remedy, in one or two sentences
}

// Codes returns every code, in order.
func Codes() []Code {
	return []Code{
		{"L001", "an argument that the word does not have", "The message suggests the argument that was likely meant, or the word that has it."},
		{"L002", "a value of the wrong type", "The message shows what to write. A bool is never a number. A whole number can stand for a float, but not the other way round."},
		{"L003", "a missing required argument", "The message shows what to add."},
		{"L004", "a value that breaks its argument's rule", "The type is right but the content is not: a number out of range, a name with spaces, an address without a port."},
		{"L005", "an argument that is given twice", "By position and by name, or twice by name. Also a WorkerGroup that is in `workers` twice."},
		{"L006", "too many positional arguments", "Pass the others by name."},
		{"L007", "two groups with the same name", "The diagnostic shows both. ldcorn identifies groups by name, also across reloads."},
		{"L008", "a file that is not Starlark", "The parser stops at the first of these in a file."},
		{"L009", "Python that Starlark does not have", "An import, an f-string, a class. ldcorn reports all of them in a file that cannot be parsed. In a Python file, only with `--no-exec`: otherwise Python runs it."},
		{"L010", "an undefined name", "ldcorn reports all of them in all files, and suggests a similar name."},
		{"L011", "an evaluation that failed", "For example, by fail(…), a division by zero, or a missing key. The diagnostic shows the calls that led to it."},
		{"L012", "an environment variable that is not set", "Set it, give a default, or provide a value for the check: `ldcorn check --env NAME=VALUE`, `--env-file FILE`, `--allow-missing-env`."},
		{"L013", "an environment variable with an invalid value", "For example, env.int of a word. The default applies to an unset variable, not to an invalid one."},
		{"L014", "a file that cannot be loaded", "Only .star files in the configuration's folder can be loaded."},
		{"L015", "files that load each other in a circle", "Move the shared parts into a third file."},
		{"L016", "no LdConfig named config", "ldcorn reads the name `config` at the top level of the file that it is started with."},
		{"L017", "an evaluation that takes too long", "An evaluation is limited in steps and in time. `ldcorn check --max-steps N --timeout DURATION` raises the limits of a check; those of a master are fixed. Python that runs a file is limited by `--python-timeout`."},
		{"L018", "a change to a frozen value", "The values of a file cannot change after the file is evaluated. Copy the value to a new list or dict."},
		{"L019", "an invalid route", "A string that does not begin with `/` or is not a valid glob, or a matcher with an invalid regular expression or host."},
		{"L020", "an option or variable of Uvicorn that ldcorn sets", "Use the argument that the message names."},
		{"L021", "a secret that cannot be read", "The file of secret_file or env_file does not exist or is not readable, or a line of env_file is not NAME=value, or a quote in it has no end. Variables that are not set as a consequence are not reported. No message shows a part of such a file."},
		{"L022", "a statement in a place where it is not allowed", "For example, return outside of a function, or a load below the top level."},
		{"L023", "two listeners on one address", "Give `admin` an address of its own."},
		{"L024", "a header that cannot be edited, or that no request has", "Headers that frame a message or concern one connection belong to ldcorn. A value must be one line."},
		{"L025", "a matcher used as a truth value", "`and`, `or` and `not` would keep only one of two matchers, or none. Join matchers with `&`, `|` and `~`."},
		{"L026", "a limit with two sizes", "Limits with the same name are the same limit. The diagnostic shows both groups."},
		{"L027", "two groups that bind their clients by the same cookie", "The cookie of by_issued is its name, `_` and the name of the group. Each group would replace the cookie of the other."},
		{"L028", "an argument that `--set` cannot set", "The configuration declares no argument with this name, or the value is not of the argument's type, which is the type of its default. `ldcorn args` lists the arguments."},
		{"L029", "an argument with two defaults", "An argument has one default, wherever the configuration declares it. Declare it once, in a file that the others load."},
		{"L030", "an app that cannot be imported", "`ldcorn check --import` finds it with the group's own interpreter, and shows Python's error."},
		{"L031", "a router that names a group that does not exist", "The diagnostic points at the name: in the function, in a function that it calls, or in a table."},
		{"L032", "a router that fails", "ldcorn calls the router once for each group with a sample request. The diagnostic shows the error or the returned value, and the calls that led there."},
		{"L033", "a router that cannot be called with a request", "A router is a function of one argument."},
		{"L034", "a router that compares a secret", "A secret differs from every text, so that a test for a wrong key would let every key in. Read the keys of clients with `env`, or load a table of them."},
		{"L035", "a file of data that cannot be read", "The file of read_json, read_yaml or read_toml is not in the configuration's folder, does not exist, is too large, or is not in its format. The diagnostic points at the place in the file."},
		{"L040", "a test that cannot be called", "A test is a function of one argument, as in def test_routes(t)."},
		{"L041", "a failed test", "The diagnostic points at the expected value and shows the actual one."},
		{"W101", "no route takes every request", "ldcorn answers a request that no route takes with 404. Add `\"*\"` to the routes of a group."},
		{"W102", "several groups have the route `\"*\"`", "The first one takes it."},
		{"W103", "a route that is never reached", "Another route, which the diagnostic shows, takes every request that this one would take, or every request except OPTIONS *, which `\"/\"` leaves to `\"*\"`."},
		{"W104", "a route that no request can match", "No decoded path looks like it, ldcorn refuses such paths, or the parts of a matcher exclude each other."},
		{"W105", "a WorkerGroup that is part of no LdConfig", "Add it to `workers`, or remove it."},
		{"W106", "more routes than ldcorn compares", "The search for routes that are never reached stops after a million comparisons. The routes work as written."},
		{"W107", "a setting of a queue that stays empty", "Without `max_req_per_worker` and `limits`, a worker gets every request at once. `queue_limit`, `queue_timeout`, `queue`, `priority` and `fair` apply only while the group has no worker, or is held."},
		{"W108", "a path parameter in a glob", "Frameworks write `{item_id}` for a segment of a path. In a glob, braces hold alternatives, so that `{item_id}` is the text `item_id`. Write `*`."},
		{"W109", "sessions that keep a slot", "A client of Engine.IO polls, and a client of MCP can keep a stream open, to wait for messages. Each keeps a slot of its worker, so that as many sessions as `max_req_per_worker` or a limit make other requests wait."},
		{"W110", "a buffer that cannot hold what it is to hold", "64 KiB of a body wait in memory, and the rest in files. One client gets at most a quarter of `buffer_limit` and of `buffer_memory`, of which a body that goes to a file needs 96 KiB. Without `buffer_memory` there are no buffers, and with `buffer_limit=0` there are no files."},
		{"W111", "`forwarded=\"append\"` without `trusted_proxies`", "ldcorn appends to the list of a trusted proxy only. Without one, it writes the headers as with `\"set\"`."},
		{"W112", "a route string that looks like a regular expression", "A route string is a prefix, or a glob if it has `*`, `?`, `[` or `{`. Write `regex(r\"…\")` for a regular expression."},
		{"W113", "a name that is not used", "The file loads or assigns it, and nothing in the file uses it. Most likely the name that is used elsewhere is another one. A name that begins with `_` has no warning."},
		{"W114", "a number without a unit that most likely has another one", "A plain number is in bytes or in seconds. Write the unit, as in `\"64MiB\"`, `\"64B\"`, `\"30s\"` or `\"8h20m\"`: then there is no warning."},
		{"W115", "a limit that no group has, or that its groups cannot reach", "A limit that no group has limits nothing. And if the groups of a limit have caps that allow less than it together, it matters at most during a reload, while the replaced workers finish their requests."},
		{"W116", "a setting by the client's address behind a unix socket", "A client of a unix socket has no address. With any value of `trusted_proxies`, ldcorn believes what the peers of the socket say about it in `X-Forwarded-For` or `Forwarded`."},
		{"W117", "a path of `path` or `prefix` that is written as a glob", "Both words take their paths as they are, with stars and braces. `prefix(\"/x\")` takes everything below `/x`, and `glob(\"/x/*.js\")` is a glob."},
		{"W118", "a rate that lets in requests one by one", "Without `burst`, a rate lets in the requests of one second at once, and at least one: `rate(\"5/m\")` refuses a second request within 12 seconds. `rate(\"5/m\", burst=5)` lets in five at once. With `burst=1` there is no warning."},
		{"W119", "a priority that all requests of a group have", "A priority puts requests before others of the same group. Groups that share a limit take turns, whatever their priorities are."},
		{"W120", "an interpreter, a folder, an app or an owner that does not exist, cannot be used, or is most likely not the one that was meant", "`ldcorn check`, `plan` and each reload look without starting anything. With `--import`, `ldcorn check` asks each interpreter, and reports its mistakes as errors."},
		{"W121", "an option that Uvicorn does not have", "The Uvicorn that the interpreter of the group would import does not have an option of `uvicorn_args`, so that no worker of the group would start. ldcorn reads the options in the source of that Uvicorn, and runs nothing."},
		{"W131", "a router that may name a group that does not exist", "The name goes through a variable, and the function may test it before it returns it."},
		{"W132", "a rule of a group that the router names", "A router that names a group leaves out its routes, and so the settings of their rules. Return None to leave a request to the routes."},
		{"W133", "a setting of `to` that its group does not use", "`fair` of `to` takes the place of the key that `fair` of the group finds, so the group needs one. A priority matters only in a group with `max_req_per_worker` or `limits`, in which requests wait."},
		{"W134", "a word in the router that requests cannot call", "Keys, limits, rates, matchers and secrets are made while the configuration is loaded, and a router that calls their words for a request fails. Make them outside of the function."},
		{"W140", "something that a Python file has done without effect", "Python has run the file. An attribute that is not an argument of its word changes nothing, and workers keep a variable that the file removes from `os.environ`. Tests in the file do not run, and changes of its own process, such as its umask, end with it."},
	}
}
