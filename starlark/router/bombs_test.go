package router_test

import (
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/match"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// bombs are bodies of functions that make much of little in one step, or in a
// few. Each gets h, a header of 32 KiB; n, a header that says a billion; and
// NEST and NEST2, tuples that nest sixty levels deep, with the inner tuple
// twice in each.
var bombs = []string{
	`return h * n`,
	`return [h] * n`,
	`return (h,) * n`,
	`return h.join([h] * 1000000)`,
	`return "".join([h] * 60000)`,
	`return h.join([""] * 60000)`,
	`return h.join([h for i in range(1000)])`,
	`return h.replace("", h)`,
	`return h.replace("a", h)`,
	`f = h.replace; return f("a", h)`,
	`return getattr(h, "replace")("a", h)`,
	`return [f("a", h) for f in [h.replace]]`,
	`return ("%s" * 1000) % tuple([h] * 1000)`,
	`return ("%(a)s" * 10000) % {"a": h}`,
	`x = "%(a)s" * 10000; x %= {"a": h}; return x`,
	`x = ["%(a)s" * 10000]; x[0] %= {"a": h}; return x`,
	`return ("{0}" * 10000).format(h)`,
	`return ("{a}" * 10000).format(a = h)`,
	`return ("{}" * 1000).format(*([h] * 1000))`,
	`return json.decode("[" * 30000)`,
	`return json.decode(x = "[" * 30000)`,
	`return json.decode("[" + "9" * 1000000 + "]")`,
	`return json.decode("[" + "[]," * 300000 + "0]")`,
	`return json.encode(NEST)`,
	`return json.encode([[h] * 1000] * 1000)`,
	`return json.encode_indent([[[[[[1] * 10] * 10] * 10] * 10] * 10], indent = h)`,
	`return json.indent("[" * 100 + "]" * 100, indent = h)`,
	`return int("9" * 1000000)`,
	`return int(x = "9" * 1000000)`,
	`return int("1" * 1000000, 2)`,
	`x = 7\nfor i in range(100): x *= x\nreturn x`,
	`x = 7\nfor i in range(100): x = x * x\nreturn x`,
	`x = 1\nfor i in range(3000): x = x << 511\nreturn str(x)`,
	`x = 1\nfor i in range(3000): x <<= 511\nreturn str(x)`,
	`x = [7]\nfor i in range(100): x[0] *= x[0]\nreturn x`,
	`x = h\nfor i in range(100): x = x + x\nreturn x`,
	`x = h\nfor i in range(100): x += x\nreturn x`,
	`x = [h]\nfor i in range(100): x[0] += x[0]\nreturn x`,
	`x = [h]\nfor i in range(100): x += x\nreturn x`,
	`x = [h]\nfor i in range(100): x = x + x\nreturn x`,
	`x = [h]\nfor i in range(100): x.extend(x)\nreturn x`,
	`x = (h,)\nfor i in range(100): x = x + x\nreturn x`,
	`x = [h]\nfor i in range(60): x = [x, x]\nreturn str(x)`,
	`x = [h]\nfor i in range(60): x = [x, x]\nreturn "%s" % x`,
	`x = [h]\nfor i in range(60): x = [x, x]\nreturn "%s" % (x,)`,
	`x = [h]\nfor i in range(60): x = [x, x]\nreturn "{}".format(x)`,
	`x = [h]\nfor i in range(60): x = [x, x]\nprint(x)`,
	`x = [h]\nfor i in range(60): x = [x, x]\nfail(x)`,
	`x = [h]\nfor i in range(60): x = [x, x]\nreturn x`,
	`x = [h]\nfor i in range(60): x = [x, x]\nreturn to(x)`,
	`x = [h]\nfor i in range(60): x = [x, x]\nreturn respond(200, x)`,
	`x = [h]\nfor i in range(3000): x = [x]\nreturn str(x)`,
	`x = struct(a = h)\nfor i in range(60): x = struct(a = x, b = x)\nreturn str(x)`,
	`x = struct(a = h)\ny = struct(a = h)\nfor i in range(60):\n  x = struct(a = x, b = x)\n  y = struct(a = y, b = y)\nreturn x == y`,
	`x = [1]; y = [1]\nfor i in range(8): x = [x] * 60; y = [y] * 60\nreturn x == y`,
	`x = [1]; y = [1]\nfor i in range(8): x = [x] * 60; y = [y] * 60\nreturn x in [y]`,
	`x = [1]; y = [1]\nfor i in range(8): x = [x] * 60; y = [y] * 60\nreturn [y].index(x)`,
	`x = [1]; y = [1]\nfor i in range(8): x = [x] * 60; y = [y] * 60\nreturn sorted([x, y, x])`,
	`x = [1]; y = [1]\nfor i in range(8): x = [x] * 60; y = [y] * 60\nreturn max(x, y)`,
	`return {NEST: 1}`,
	`return {NEST: i for i in range(1)}`,
	`return {1: 2}.get(NEST)`,
	`return {1: 2}[NEST]`,
	`d = {}; d[NEST] = 1; return d`,
	`d = {}; f = d.get; return f(NEST)`,
	`return NEST in {1: 2}`,
	`return set([NEST])`,
	`return dict([(NEST, 1)])`,
	`return dict([[NEST, 1]])`,
	`s = set(); s.add(NEST); return s`,
	`s = set(); s.update([NEST]); return s`,
	`s = set(); return s.union([NEST])`,
	`return NEST == NEST2`,
	`return (lambda *a: a)(*range(1000000))`,
	`return [(lambda *a: a)(*range(5000)) for i in range(2000)]`,
	`return list(range(1000000))`,
	`return [list(range(5000)) for i in range(2000)]`,
	`return [tuple(range(5000)) for i in range(2000)]`,
	`return [sorted(range(5000)) for i in range(2000)]`,
	`return [reversed(range(5000)) for i in range(2000)]`,
	`return [enumerate(range(5000)) for i in range(2000)]`,
	`return [zip(range(5000), range(5000)) for i in range(2000)]`,
	`return [set(range(5000)) for i in range(2000)]`,
	`return [dict([(j, j) for j in range(1000)]).items() for i in range(2000)]`,
	`x = list(range(5000)); return [x[:] for i in range(2000)]`,
	`x = list(range(5000)); return [x + [] for i in range(2000)]`,
	`x = list(range(5000)); return [x * 1 for i in range(2000)]`,
	`x = set(range(1000)); return [x | x for i in range(2000)]`,
	`x = set(range(1000)); return [x - x for i in range(2000)]`,
	`x = set(range(1000)); return [x & x for i in range(2000)]`,
	`x = dict([(i, i) for i in range(500)]); return [x | x for i in range(2000)]`,
	`return [h + "x" for i in range(2000)]`,
	`x = h\nfor i in range(2000): x = x + "x" * 100 + "x"\nreturn x`,
	`return [h.upper() for i in range(2000)]`,
	`return [h[::2] for i in range(2000)]`,
	`return [h.split("a") for i in range(2000)]`,
	`return [h.split() for i in range(2000)]`,
	`return [h.elems() for i in range(2000)]`,
	`return [list(h.elems()) for i in range(2000)]`,
	`return [list(h.codepoints()) for i in range(2000)]`,
	`return h.strip(h + "é")`,
	`return ("é" * 200000).strip("è" * 200000 + "é")`,
	`return set(range(0, 1 << 51, 1 << 31))`,
	`return set([i << 32 for i in range(1500)] * 30)`,
	`return set().union(range(0, 1 << 48, 1 << 32))`,
	`return dict([(i, 1) for i in range(0, 1 << 48, 1 << 32)])`,
	`return max(range(100000000000))`,
	`return any(range(1000000)) and sorted(range(1000000), key = str)`,
	`return min([1] * 60000, key = lambda x: sorted(range(10000)))`,
	`return bytes([1] * 1000000)`,
	`return str(b"" + bytes(h)) * 1000`,
	`return hash(h * 1000)`,
	`return float("1" * 1000000)`,
	`print(sep = h, *([1] * 3000))`,
	`fail(sep = h, *([1] * 3000))`,
	`x = h * 30; return sorted([x[i:] for i in range(1000)])`,
	`x = h * 30; return max([x[i:] for i in range(1000)] * 40)`,
	`x = h * 30; return x.startswith(tuple([x[:-i] + "" for i in range(1000)] * 40))`,
	`x = h * 30; f = x.startswith; return f(tuple([x[:900000] for i in range(1000)] * 40))`,
	`x = "a" * 1000000; return "a" * 500000 + "b" in [x[i:i + 500001] for i in range(900)] * 40`,
	`x = "a" * 1000000; return ([x[i:i + 500001] for i in range(900)] * 40).index("a" * 500000 + "b")`,
	`x = "a" * 1000000; return set([x[i:] for i in range(900)])`,
}

// maxBombBytes is a small multiple of the memory that a budget of 10,000 steps
// pays for, at 256 bytes each, and of the 1 MiB that one step can make.
const maxBombBytes = 48 << 20

const bombTable = `
def nest():
    x = (1,)
    y = (1,)
    for i in range(60):
        x = (x, x)
        y = (y, y)
    return x, y

def route(req):
    h = req.header("x-long")
    if h == None:
        return None
    n = int(req.header("x-n"))
    NEST, NEST2 = nest()
`

func bombRouter(t testing.TB, body string) plan.Router {
	lines := strings.Split(strings.ReplaceAll(body, `\n`, "\n"), "\n")
	return routerOf(t, bombTable+"    "+strings.Join(lines, "\n    ")+"\n", "route", nil)
}

func bombRequest(t testing.TB) match.Request {
	return sample(t, "GET /x", "X-Long: "+strings.Repeat("a b", 10_000)+strings.Repeat("z", 2000), "X-N: 1000000000")
}

// allocated returns how many bytes a call allocates.
func allocated(call func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	call()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// TestBombs checks that a function ends within its budget, whatever it does for
// a request. It does not measure the time: without the bounds most of these
// take minutes or all memory.
func TestBombs(t *testing.T) {
	req := bombRequest(t)
	for _, body := range bombs {
		rt := bombRouter(t, body)
		var err error
		n := allocated(func() { _, err = rt.Route(req) })
		assert.Error(t, err, body) // none of them returns a group
		assert.Less(t, n, uint64(maxBombBytes), body)
	}
}

// TestBoundsLeaveTheRest checks that small operations are allowed and give the
// same result as without bounds.
func TestBoundsLeaveTheRest(t *testing.T) {
	for body, want := range map[string]string{
		`x = [1]; y = x; x += [2]; x += (3,); return str(y)`:                                                                         "[1, 2, 3]",
		`x = {"a": 1}; y = x; x |= {"b": 2}; return str(y)`:                                                                          `{"a": 1, "b": 2}`,
		`x = [1, [2]]; x[0] += 4; x[1] += [5]; x[0] *= 2; x[0] %= 7; return str(x)`:                                                  "[3, [2, 5]]",
		`x = {"a": "b"}; x["a"] += "c"; x["a"] *= 2; return x["a"]`:                                                                  "bcbc",
		`x = ["%s-%s"]; x[0] %= (1, 2); return x[0]`:                                                                                 "1-2",
		`x = [6]; x[0] |= 1; x[0] <<= 2; x[0] -= 1; x[0] //= 2; return str(x[0])`:                                                    "13",
		`return "%s %r %d %%" % ("a", [1, "b"], 3)`:                                                                                  `a [1, "b"] 3 %`,
		`return "{} {1} {a}".format("x", a = 3)`:                                                                                     "",
		`return "{0} {1} {a!r}".format("x", "y", a = "z")`:                                                                           `x y "z"`,
		`return ",".join(["a", "b"]) + "a-b-c".replace("-", "+", 1)`:                                                                 "a,ba+b-c",
		`return str([" a b ".strip(), "xaax".strip("x"), " a b".split(), "a,b".rsplit(",", 1), ("a" + chr(10) + "b").splitlines()])`: `["a b", "aa", ["a", "b"], ["a", "b"], ["a", "b"]]`,
		`return str(sorted({3: 1, 1: 2}.items(), key = lambda p: -p[0], reverse = True))`:                                            "[(1, 2), (3, 1)]",
		`s = set([1]); s.update([2], [3]); s |= set([4]); return str(sorted(s.union([9]) - set([1])))`:                               "[2, 3, 4, 9]",
		`f = "abc".upper; g = {"a": 7}.get; return f() + str(g("a")) + str(g("b", 8))`:                                               "ABC78",
		`return getattr("a-b", "split")("-")[1] + type("".join) + str("".join)`:                                                      "bbuiltin_function_or_method<built-in method join of string value>",
		`s = struct(join = lambda x, y: x + y, items = 3); return str(s.join(2, y = 5) + s.items)`:                                   "10",
		`return str([[1, 2][::-1], "abc"[1:], "abc"[::-1], (1, 2, 3)[1:], [1] == [1], (1, 2) < (1, 3), [1] in [[1]]])`:               `[[2, 1], "bc", "cba", (2, 3), True, True, True]`,
		`return (lambda *a, **k: str(a) + str(k))(*[1, 2], **{"b": 3})`:                                                              `(1, 2){"b": 3}`,
		`return str([list("ab".elems()), max([1, 3], key = lambda x: -x), min(4, 2), zip([1], [2]), enumerate(["a"], 1)])`:           `[["a", "b"], 1, 2, [(1, 2)], [(1, "a")]]`,
		`return json.encode({"a": [1, "é"]}) + str(json.decode(x = "[1, {}]")) + str(json.decode("[", default = 3))`:                 `{"a":[1,"é"]}[1, {}]3`,
		`return json.encode_indent([1], indent = " ") + str(int("0x1f", 16) + int(x = "7"))`:                                         "[\n 1\n]38",
		`return str([hash("a"), float("1.5"), bytes("a"), set([1]), dict([["a", 1]], b = 2), repr("a")])`:                            `[97, 1.5, b"a", set([1]), {"a": 1, "b": 2}, "\"a\""]`,
		`return str([x for x in [1, 2] if x % 2]) + str({k: v * 2 for k, v in {"a": 1}.items()}) + str(-3 % 5 - 1)`:                  `[1]{"a": 2}1`,
	} {
		rt := bombRouter(t, strings.Replace(body, "return ", "return respond(200, ", 1)+")")
		d, err := rt.Route(bombRequest(t))
		if want == "" {
			require.Error(t, err, body)
			continue
		}
		require.NoError(t, err, body)
		assert.Equal(t, want, string(d.Answer.Body), body)
	}
}
