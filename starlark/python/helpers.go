package python

import (
	"maps"
	"slices"
	"strings"
)

// definitions are functions of Python that can be written in Starlark. The
// result defines those that it uses.
var definitions = map[string]string{
	"sum": `def sum(values, start = 0):
    for value in values:
        start += value
    return start
`,
	"map": `def map(function, values):
    return [function(value) for value in values]
`,
	"filter": `def filter(function, values):
    return [value for value in values if (function(value) if function else value)]
`,
	"copy": `def copy(value):
    if type(value) == "dict":
        return dict(value)
    return set(value) if type(value) == "set" else list(value)
`,
	"concat": `def concat(*lists):
    out = []
    for values in lists:
        out.extend(values)
    return out
`,
	"merge": `def merge(*dicts):
    out = {}
    for values in dicts:
        out.update(values)
    return out
`,
	"zero_pad": `def zero_pad(value, width):
    text = str(value)
    sign = text[:1] if text[:1] in ("-", "+") else ""
    return sign + "0" * (width - len(text)) + text[len(sign):]
`,
	"python_repr": `def python_repr(value):
    text = repr(value)
    if type(value) != "string" or "'" in value:
        return text
    return "'" + text[1:-1].replace('\\"', '"') + "'"
`,
	"path_join": `def path_join(path, *parts):
    for part in parts:
        if part.startswith("/"):
            path = part
        elif path == "" or path.endswith("/"):
            path += part
        else:
            path += "/" + part
    return path
`,
	"path_dirname": `def path_dirname(path):
    head = path[:path.rfind("/") + 1]
    return head.rstrip("/") or head
`,
	"path_basename": `def path_basename(path):
    return path[path.rfind("/") + 1:]
`,
}

// definitionsOf returns the text that defines the given helpers.
func definitionsOf(helpers map[string]bool) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(helpers)) {
		parts = append(parts, definitions[name])
	}
	return strings.Join(parts, "\n")
}
