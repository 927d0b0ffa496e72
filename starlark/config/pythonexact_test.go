//go:build linux

package config_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/starlark/config"
	"github.com/ldcorn/ldcorn/starlark/python/capture"
)

// otherInStarlark are pieces of Python that set v to a text which Starlark would give
// another value in silence.
var otherInStarlark = []string{
	`v = str(["a"])`, `v = "%s" % ["a"]`, `hosts = ["a"]; v = f"{hosts}"`, `v = "{}".format(("a",))`, `v = "{x}".format(x={"a": 1})`, `v = str({1})`,
	`v = "%(a)s" % {"a": ["b"]}`, `v = "%s %s" % (1, ["a"])`, `v = "%r" % "x"`, `v = "{!r}".format("x")`, `v = "{a!r}".format(a="x")`, `v = "%(a)r" % {"a": "x"}`,
	`x = "it's\n"; v = f"{x=}"`, `v = ",".join(map(str, [["a"]]))`, `s = "%s"; s %= ["a"]; v = s`, `d = {"s": "%s"}; d["s"] %= ["a"]; v = d["s"]`,
	`v = str(float("inf"))`, `v = f"{123456789.0}"`, `v = "%s" % 1e15`, `v = str(12345678.5)`, `v = "%g" % 12345678.0`, `v = str(range(3))`, `v = str(b"x")`,
	`v = "a\r\nb".splitlines()[0]`, `v = "a\x0cb".splitlines()[0]`, `v = "a\x1cb".split()[0]`, `v = "\x1fa".strip()`,
	`v = "straße".upper()`, `v = "ÀB".lower() if "²".isdigit() else ""`, `v = "ß".capitalize()`, `v = "ŉx".title()`, `up = "straße".upper; v = up()`, `v = ",".join(map("é".join, ["ab"])) if False else "ß".upper()`,
	`d = {"a": 1}; k = d.keys(); d["b"] = 2; v = str(len(k))`, `d = {"a": 1, "b": 2}; v = str(d.keys() == {"b": 1, "a": 2}.keys())`,
	`def f(x): return len(list(x)) + len(list(x))
v = str(f({"a": 1}.items()))`, `z = zip([1], [2]); n = len(list(z)); v = str(len(list(z)))`, `m = map(str, [1]); n = list(m); v = str(len(list(m)))`,
	`g = (x for x in [1]); n = list(g); v = str(len(list(g)))`, `v = str(bool(filter(None, [0])))`, `v = str({"a": 1, "b": 2}.popitem()[0])`,
	`v = {True: "a", 1: "b"}[1]`, `v = {1: "a"}[True]`, `v = str(True in [1])`, `v = str(1 in (True, 2))`, `v = str([] is [])`, `a, b = [], []; v = str(a is not b)`,
	`v = "yes" if type(1) in (int, float) else "no"`, `v = str(type(1))`, `v = "".join([str(x) for x in {3, 1, 2}])`, `s = {3, 1, 2}; v = ",".join([str(x) for x in list(s)])`,
	`v = "é"[0]`, `import os; v = os.environ["ACCENT_OF_TEST"][0]`, `import os; v = str(len(os.environ["ACCENT_OF_TEST"]))`, `import os; v = str(os.environ["ACCENT_OF_TEST"].find("x"))`,
	`v = "a" if hasattr("", "elems") else "b"`, `n = True; v = f"{n:d}"`, `n = True; v = f"{n:02}"`, `n = True; v = "%02d" % n`, `v = "%d" % True`, `n = "a"; v = f"{n:04}"`,
	`s = {1}; v = str(s.copy() == s)`, `import json; v = str(json.loads('{"a": 1, "a": 2}')["a"])`, `import json; v = json.loads('"\\ud83d\\ude00"')`,
	`import math; v = str(math.floor(-1.5))`, `v = str(-7 // 2) + str(-7 % 3) + str(7 / 2)`,
}

// sameInStarlark are pieces of Python that Starlark gives the same value.
var sameInStarlark = []string{
	`v = str(1) + str("a") + str(None) + str(True) + str(1.5) + str(1e22) + str(0.1 + 0.2) + str(1e-05)`, `v = "%s-%d" % ("a", 3)`, `v = "%(a)s" % {"a": 1}`,
	`hosts = ["a", "b"]; v = f"{','.join(hosts)} {len(hosts)}"`, `v = "{} {x}".format(1, x="b")`, `n = 3; v = f"{n:02d}"`, `v = "%02d" % 7`,
	`v = "a b".split()[1] + "a,b".split(",")[0] + " x ".strip()`, `v = "a\nb".splitlines()[1]`, `v = "abc".upper() + "ABC".lower() + "they're x1y".title()`,
	`d = {"a": 1}; v = ",".join([k for k in d.keys()]) + ",".join(sorted(d.keys())) + str(len(d.keys())) + str("a" in d.keys())`,
	`v = ",".join([f"{k}={x}" for k, x in {"a": 1, "b": 2}.items()])`, `v = ",".join([str(i) + x for i, x in enumerate(["a", "b"])])`,
	`v = ",".join(f"x{i}" for i in range(3))`, `v = ",".join(map(str, [1, 2]))`, `v = str(sum(x for x in [1, 2])) + str(any(x > 1 for x in [1]))`, `d = dict(zip(["a"], [1])); v = str(d["a"])`,
	`v = ",".join(sorted({"b", "a"}))`, `v = str("a" in {"a", "b"}) + str(len({1, 1}))`, `x = None; v = "none" if x is None else "some"`, `x = True; v = "on" if x is True else "off"`,
	`a, b = {"x": 1, "y": 2}.values(); v = str(a + b)`, `v = "é" + "ü" + ",".join("é,x".split(",")) + "É".replace("É", "e")`, `v = str(type("a") == str)`, `xs = []; xs += (str(i) for i in range(2)); v = "".join(xs)`,
	"v = '''a\r\nb'''",
}

// TestPython_Exact compares what ldcorn makes of Python with what Python makes of it.
func TestPython_Exact(t *testing.T) {
	t.Setenv("ACCENT_OF_TEST", "éx")
	const frame = "# -*- coding: utf-8 -*-\nfrom ldcorn.config import LdConfig, WorkerGroup\n%s\nconfig = LdConfig(workers=[WorkerGroup('a', 'm:a', env={'V': v})])\n"
	for _, text := range otherInStarlark {
		text = fmt.Sprintf(frame, text)
		if ours, ran := evaluated(t, text); !ran {
			theirs, ran := evaluated(t, "import base64\n"+text)
			require.True(t, ran)
			assert.Equal(t, theirs, ours, text)
		}
	}
	same := `import os
all = []
`
	for _, text := range sameInStarlark {
		same += text + "\nall.append(v)\n"
	}
	same = fmt.Sprintf(frame, same+`v = "\n".join(all)`)
	ours, ran := evaluated(t, same)
	assert.False(t, ran, "it is the same in Starlark")
	theirs, ran := evaluated(t, "import base64\n"+same)
	require.True(t, ran)
	assert.Equal(t, theirs, ours)
}

// evaluated returns the variable V that a file gives its workers, and whether Python has
// run it.
func evaluated(t *testing.T, text string) (value string, ran bool) {
	dir := write(t, map[string]string{"ldconfig.py": text})
	res, err := config.Evaluate(t.Context(), dir+"/ldconfig.py", config.Options{Name: "ldconfig.py", RunPython: func(ctx context.Context, file capture.File) (*capture.Result, error) {
		return capture.Run(ctx, file.Path, file.Name, capture.Options{Answer: file.Answer, Python: "python3", Timeout: time.Minute, CPUs: 1, Words: config.PythonWords()})
	}})
	require.NoError(t, err)
	require.NotNil(t, res.Plan, "%v", res.Report)
	if res.Plan.Python.How == api.PythonRun {
		t.Log(res.Plan.Python.At, res.Plan.Python.Reason)
	}
	return res.Plan.Groups[0].Env[0].Value.Reveal(), res.Plan.Python.How == api.PythonRun
}

// TestPython_Coding checks that the encoding of a file counts.
func TestPython_Coding(t *testing.T) {
	const frame = "%s\nfrom ldcorn.config import LdConfig, WorkerGroup\nconfig = LdConfig(workers=[WorkerGroup('a', 'm:a', env={'V': '%s'})])\n"
	for text, want := range map[string]string{
		fmt.Sprintf(frame, "# coding: latin-1", "é"):                           "Ã©",
		fmt.Sprintf(frame, "#!/usr/bin/python\n# -*- coding: cp1252 -*-", "é"): "Ã©",
		fmt.Sprintf(frame, "# coding: latin-1", "\xe9"):                        "é",
		fmt.Sprintf(frame, "# vim: set fileencoding=UTF_8 :", "é"):             "é",
		fmt.Sprintf(frame, "# coding: latin-1", "e"):                           "e",
		fmt.Sprintf(frame, "#\n#\n# coding: latin-1", "é"):                     "é",
	} {
		got, ran := evaluated(t, text)
		assert.Equal(t, want, got, "%q", text)
		assert.Equal(t, want != "e" && !strings.Contains(text, "UTF_8") && !strings.Contains(text, "#\n#\n"), ran, "%q", text)
	}
}

// TestPython_DiffersWithoutPython checks that a file with another value in Starlark is an
// error if Python must not run.
func TestPython_DiffersWithoutPython(t *testing.T) {
	for _, text := range []string{`v = str(["a"])`, `v = {True: "a"}[1]`} {
		dir := write(t, map[string]string{"ldconfig.py": "from ldcorn.config import LdConfig, WorkerGroup\n" + text + "\nconfig = LdConfig(workers=[WorkerGroup('a', 'm:a', env={'V': v})])\n"})
		res, err := config.Evaluate(t.Context(), dir+"/ldconfig.py", config.Options{Name: "ldconfig.py", NoExec: true})
		require.NoError(t, err)
		require.Nil(t, res.Plan, text)
		assert.Contains(t, res.Report.Error(), "Starlark", text)
		assert.Contains(t, res.Report.Diagnostics[0].Hint, "without --no-exec, Python runs the file")
	}
}
