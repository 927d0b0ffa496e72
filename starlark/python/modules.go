package python

import (
	"slices"
	"strings"
)

// modules lists the names that a file can import and that ldcorn has, by
// module. A name that is itself a key is a module or object.
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

// typeModules only provide types, which can be used in annotations but nowhere
// else.
var typeModules = []string{"typing", "typing_extensions", "__future__", "collections.abc", "types"}

// OnlyImports says which words of ldcorn a file imports.
const OnlyImports = "import only LdConfig and WorkerGroup: the other words of ldcorn need no import"

// typePrefix begins the reference of a type.
const typePrefix = "type "

// References returns the dotted references of everything that a file can
// import.
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

// Members returns the names in a module or object, or nil if the reference is
// neither.
func Members(reference string) []string { return modules[reference] }

func known(reference string) bool {
	if _, ok := modules[reference]; ok {
		return true
	}
	i := strings.LastIndexByte(reference, '.')
	return i > 0 && slices.Contains(modules[reference[:i]], reference[i+1:])
}

// instead maps references that are not available to a suggestion.
var instead = map[string]string{
	"ldcorn":                OnlyImports,
	"os.environ":            `read one variable: os.environ["NAME"]; workers already have the environment`,
	"os.environ.setdefault": "give workers their variables with env={…} in the WorkerGroup",
	"os.environ.copy":       "workers already have the environment: name only the additions",
	"os.environ.update":     "give workers their variables with env={…} in the WorkerGroup",
	"os.putenv":             "give workers their variables with env={…} in the WorkerGroup",
	"os.environ.pop":        `read it with os.environ.get("NAME")`,
	"os.getcwd":             "paths in a configuration start at its folder",
	"os.path.realpath":      "a configuration cannot look at files; os.path.abspath(__file__) works",
	"os.path.exists":        "a configuration cannot look at files",
	"os.path.isfile":        "a configuration cannot look at files",
	"os.path.isdir":         "a configuration cannot look at files",
	"os.path.expanduser":    `read the variable: os.environ["HOME"]`,
	"os.path.expandvars":    `read the variable: os.environ["NAME"]`,
	"os.listdir":            "a configuration cannot look at files",
	"os.getpid":             "a configuration cannot access the running program",
	"os.uname":              "a configuration knows only cpu_count() of the machine",
	"json.dumps":            "json.encode gives the same without spaces",
	"json.load":             "write read_json(\"file.json\")",
	"sys.path":              "a configuration imports nothing; workers find their app with cwd=, or --app-dir in uvicorn_args",
	"sys.argv":              "declare an argument with arg(\"name\", default), and give it with --set",
	"sys.executable":        "workers run the interpreter of python=, $VIRTUAL_ENV, .venv or the environment of ldcorn",
	"sys.platform":          "ldcorn runs on Linux",
	"sys.stderr":            "print() already writes to stderr",
	"sys.version_info":      "ldcorn itself runs no Python; each group has its own interpreter",
	"dotenv":                "write env_file(\".env\"), or start with ldcorn run --env-file .env",
	"socket":                "a configuration cannot access the network",
	"subprocess":            "a configuration cannot start processes",
	"random":                "a configuration gives the same plan every time",
	"secrets":               "a configuration gives the same plan every time",
	"uuid":                  "a configuration gives the same plan every time",
	"time":                  "a configuration has no clock",
	"datetime":              "a configuration has no clock; a duration is a number of seconds or \"1m30s\"",
	"logging":               "use print(): its output goes to ldcorn's log",
	"decimal":               "write the number",
	"pathlib":               "write the path as a string; os.path.join is available",
	"dataclasses":           "use a dict, or a function that returns a WorkerGroup",
	"enum":                  "use plain names and strings",
	"yaml":                  "write read_yaml(\"file.yaml\")",
	"toml":                  "write read_toml(\"file.toml\")",
	"tomllib":               "write read_toml(\"file.toml\")",
	"configparser":          "a configuration reads files of JSON, YAML and TOML: read_json and others",
	"psutil":                "cpu_count() is always available",
	"requests":              "a configuration cannot access the network",
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
	"multiprocessing.Pool":  "a configuration cannot start processes",
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
