package python

import (
	"slices"
	"strings"
)

// modules are the names that a file can import and that ldcorn has too, by
// module. A name with a table of its own is a module or object.
var modules = map[string][]string{
	"ldcorn":          {"config", "LdConfig", "WorkerGroup"},
	"ldcorn.config":   {"LdConfig", "WorkerGroup"},
	"os":              {"path", "environ", "getenv", "cpu_count", "process_cpu_count", "sched_getaffinity"},
	"os.environ":      {"get"},
	"os.path":         {"join", "dirname", "basename", "abspath", "normpath", "isabs"},
	"multiprocessing": {"cpu_count"},
	"json":            {"loads"},
	"math": {"acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "ceil", "copysign", "cos", "cosh", "degrees",
		"e", "exp", "fabs", "floor", "gamma", "hypot", "log", "pi", "pow", "radians", "remainder", "sin", "sinh", "sqrt",
		"tan", "tanh"},
	"sys": {},
}

// typeModules only name types: what is imported from them may stand in
// annotations and nowhere else.
var typeModules = []string{"typing", "typing_extensions", "__future__", "collections.abc", "types"}

// typePrefix begins what a name of a type refers to.
const typePrefix = "type "

// References returns everything that a file can import, dotted.
func References() []string {
	var out []string
	for module, names := range modules {
		if module != "sys" {
			out = append(out, module)
		}
		for _, name := range names {
			out = append(out, module+"."+name)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Members returns the names in a module or object, nil for what is none.
func Members(reference string) []string { return modules[reference] }

func known(reference string) bool {
	if _, ok := modules[reference]; ok {
		return true
	}
	i := strings.LastIndexByte(reference, '.')
	return i > 0 && slices.Contains(modules[reference[:i]], reference[i+1:])
}

// instead says what to do about something that is not here.
var instead = map[string]string{
	"os.environ":            `read one variable: os.environ["NAME"]; workers have the environment already`,
	"os.environ.setdefault": "give workers their variables with env={…} in the WorkerGroup",
	"os.environ.copy":       "workers have the environment already: name only what is added",
	"os.environ.update":     "give workers their variables with env={…} in the WorkerGroup",
	"os.putenv":             "give workers their variables with env={…} in the WorkerGroup",
	"os.environ.pop":        `read it with os.environ.get("NAME")`,
	"os.getcwd":             "paths in a configuration start at its folder",
	"os.path.realpath":      "a configuration looks at no files; os.path.abspath(__file__) works",
	"os.path.exists":        "a configuration looks at no files",
	"os.path.isfile":        "a configuration looks at no files",
	"os.path.isdir":         "a configuration looks at no files",
	"os.path.expanduser":    `read the variable: os.environ["HOME"]`,
	"os.path.expandvars":    `read the variable: os.environ["NAME"]`,
	"os.listdir":            "a configuration looks at no files",
	"os.getpid":             "a configuration sees nothing of the running program",
	"os.uname":              "a configuration sees nothing of the machine but cpu_count()",
	"json.dumps":            "json.encode writes the same without blanks",
	"json.load":             "a configuration reads no files",
	"sys.path":              "a configuration imports nothing; workers find their app with cwd=, or --app-dir in uvicorn_args",
	"sys.argv":              "a configuration sees nothing of the command line; read a variable",
	"sys.executable":        "workers run the interpreter of python=, $VIRTUAL_ENV or .venv",
	"sys.platform":          "ldcorn runs on Linux",
	"sys.stderr":            "print() writes to stderr already",
	"sys.version_info":      "there is no Python here; a worker's is that of its group",
	"dotenv":                "name the file: ldcorn check --env-file, or EnvironmentFile= of systemd",
	"socket":                "a configuration sees nothing of the network",
	"subprocess":            "a configuration starts nothing",
	"random":                "a configuration gives the same plan every time",
	"secrets":               "a configuration gives the same plan every time",
	"uuid":                  "a configuration gives the same plan every time",
	"time":                  "a configuration has no clock",
	"datetime":              "a configuration has no clock; a duration is a number of seconds or \"1m30s\"",
	"logging":               "print() writes to stderr",
	"decimal":               "write the number",
	"pathlib":               "write the path as a string; os.path.join is here",
	"dataclasses":           "use a dict, or a function that returns a WorkerGroup",
	"enum":                  "use plain names and strings",
	"yaml":                  "a configuration reads no files",
	"toml":                  "a configuration reads no files",
	"tomllib":               "a configuration reads no files",
	"configparser":          "a configuration reads no files",
	"psutil":                "cpu_count() is always there",
	"requests":              "a configuration sees nothing of the network",
	"copy":                  "dict(x) and list(x) copy",
	"functools":             "write it as a function or a loop",
	"itertools":             "write it as loops",
	"collections":           "write it with dict and list",
	"re":                    "split the text with its own methods",
	"pydantic":              "read the variables one by one",
	"pydantic_settings":     "read the variables one by one",
	"decouple":              `read the variables with os.environ.get("NAME")`,
	"environ":               `read the variables with os.environ.get("NAME")`,
	"django":                "read the variables one by one",
	"multiprocessing.Pool":  "a configuration starts nothing",
}

func insteadOf(reference string) string {
	for reference != "" {
		if label := instead[reference]; label != "" {
			return label
		}
		i := strings.LastIndexByte(reference, '.')
		if i < 0 {
			break
		}
		reference = reference[:i]
		if reference == "os.environ" {
			return instead[reference]
		}
	}
	return ""
}
