package reference

// A Code is what a diagnostic is known by. Codes are stable: one is never
// given another meaning.
type Code struct {
	ID      string // L and a number for errors, W and one for warnings
	Meaning string // what was found, without a final period
	Advice  string // what there is to know or to do, in one or two sentences
}

// Codes returns every code, in order.
func Codes() []Code {
	return []Code{
		{"L001", "an argument that the word does not have", "The message names the one that was likely meant, or the word that has it."},
		{"L002", "a value of the wrong type", "The message shows what to write. A bool is never a number, and a whole number may stand for a float but not the other way round."},
		{"L003", "an argument that must be given is not", "The message shows what to add."},
		{"L004", "a value that breaks its argument's rule", "The type is right and the content is not: a number out of range, a name with blanks, an address without a port."},
		{"L005", "an argument that is given twice", "By its place and by its name, or twice by its name; also a WorkerGroup that is in `workers` twice."},
		{"L006", "more arguments by place than there are", "Give the others by their names."},
		{"L007", "two groups of one name", "Both places are shown. Groups are told apart by their names, in a reload too."},
		{"L008", "a file that is not Starlark", "The parser stops at the first of these in a file."},
		{"L009", "Python that Starlark does not have", "An import, an f-string, a class. All of those in a file that cannot be parsed are found at once."},
		{"L010", "a name that nothing defines", "All of those in all files are found at once. The message names a near one."},
		{"L011", "an evaluation that failed", "As by fail(…), a division by zero, or a key that is not there. The calls that led to it are shown."},
		{"L012", "an environment variable that is not set", "Set it, give a default, or stand in for it: `ldcorn check --env NAME=VALUE`, `--env-file FILE`, `--allow-missing-env`."},
		{"L013", "an environment variable that does not hold what is read", "Such as env.int of a word. The default is for one that is not set, not for one that is wrong."},
		{"L014", "a file that cannot be loaded", "Only .star files in the folder of the configuration can be."},
		{"L015", "files that load each other in a circle", "Move the shared parts into a third file."},
		{"L016", "no LdConfig named config", "ldcorn reads the name `config` at the top level of the file that it is started with."},
		{"L017", "an evaluation that takes too long", "It is bounded in steps and in time. `ldcorn check --max-steps N --timeout DURATION` allows more there; a master never does."},
		{"L018", "a change to what is frozen", "What a file has made does not change any more once the file is evaluated. Make a new list or dict of it."},
		{"L019", "a route that is none", "It begins with no `/`, or is no glob; of a matcher, no regular expression or no host."},
		{"L020", "an option or variable of Uvicorn that ldcorn sets", "Use the argument that the message names."},
		{"L021", "a secret that cannot be read", "The file of secret_file is not there, or not readable."},
		{"L022", "a statement where it may not stand", "Such as return outside of a function, or a load below the top level."},
		{"L023", "two listeners on one address", "Give `admin` an address of its own."},
		{"L024", "a header that cannot be edited, or that no request shows", "Headers that frame a message or concern one connection are ldcorn's own; a value is one line."},
		{"L025", "a matcher where its truth is asked for", "`and`, `or` and `not` would keep one of two matchers, or none. Join matchers by `&`, `|` and `~`."},
		{"L030", "an app that cannot be imported", "Found by `ldcorn check --import`, with the group's own interpreter. The error of Python is shown."},
		{"L031", "a router that names a group which is not there", "Where it is written, in the function, in what it calls, or in a table that it returns from."},
		{"L032", "a router that fails", "It is called once for each group, with a request that the group might get. The error, or what it has returned, is shown with the way to it."},
		{"L033", "a router that cannot be called with a request", "It is a function of one argument."},
		{"L040", "a test that cannot be called", "It is a function of one argument, as in def test_routes(t)."},
		{"L041", "a test that found something wrong", "The value that the test asks for is pointed at, and what there is in its place is said."},
		{"W101", "no route takes every request", "What no route takes is answered with 404. Add `\"*\"` to the routes of a group."},
		{"W102", "several groups have the route `\"*\"`", "The first one takes it."},
		{"W103", "a route that is never reached", "Another one, which is shown, takes all that it would take, or all but OPTIONS *, which `\"/\"` leaves to `\"*\"`."},
		{"W104", "a route that no request can match", "It is not what a path looks like once it is decoded, paths like it are refused, or the parts of a matcher exclude each other."},
		{"W105", "a WorkerGroup that is part of no LdConfig", "Add it to `workers`, or remove it."},
		{"W106", "more routes than were compared", "The search for routes that are never reached stops after a million comparisons. The routes work as written."},
		{"W120", "an interpreter, a folder or an owner that is not there, or most likely not what was meant", "Looked for by `ldcorn check` without starting anything; `--import` asks each interpreter, and what is wrong with it is an error then."},
		{"W131", "a router that may name a group which is not there", "The name goes through a variable, so that the function may look at it before it returns it."},
	}
}
