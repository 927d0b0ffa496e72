package builtin

import (
	"fmt"
	"slices"
	"strings"

	"go.starlark.net/starlark"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/starlark/diag"
	"github.com/ldcorn/ldcorn/starlark/value"
)

// A Static is the value of static.
type Static struct {
	opaque
	static plan.Static // zero if the call was wrong

	Span  diag.Span    // of the word static
	Trace []diag.Frame // calls that led to it

	used bool
}

// Prefix returns the prefix of the paths, or "" if the call was wrong.
func (s *Static) Prefix() string { return s.static.Prefix }

// Used reports whether the value is part of an LdConfig.
func (s *Static) Used() bool { return s.used }

// String returns a call that makes the value.
func (s *Static) String() string {
	if s.static.Prefix == "" {
		return s.opaque.String()
	}
	return s.static.String()
}

func staticWord() Word {
	return Word{
		Name: "static", Returns: "static",
		Doc:       "A folder whose files ldcorn serves below a prefix of paths, to GET and HEAD. Names that begin with a dot are hidden, except the folder .well-known of static(\"/\", …).",
		Arguments: argumentsOf(staticFields),
	}
}

var staticFields = []field[plan.Static]{
	{Argument{Name: "prefix", Type: "str", Required: true, Rule: `begins with "/"; matches whole segments`,
		Doc: "The path below which the files are.", Example: `"/assets"`, aka: []string{"path", "url", "route", "mount", "location"}}, checkedString(checkStaticPrefix, func(s *plan.Static) *string { return &s.Prefix })},
	{Argument{Name: "dir", Type: "str", Required: true, Keyword: true, Rule: "a relative path starts at the configuration's folder",
		Doc: "The folder. It can be a link, which each request follows anew: current -> releases/42. Nothing outside of the folder is served, whatever links in it say.", Example: `dir="assets"`, aka: []string{"directory", "folder", "root", "document_root", "alias"}}, setStaticDir},
	{Argument{Name: "fallthrough", Type: "bool", Keyword: true, Default: "False",
		Doc: "Whether a request for which there is no file, or with another method than GET and HEAD, goes on to the routes, rather than getting 404 or 405.", aka: []string{"fall_through", "fallback", "try_files", "passthrough", "optional"}}, setStaticFallthrough},
	{Argument{Name: "index", Type: "str | None", Keyword: true, Default: "None", Rule: `the name of a file, such as "index.html"`,
		Doc: "The file in a folder that answers for it. A folder without the slash at the end of its path is redirected to the path with it. None answers for no folder.", aka: []string{"index_file", "html", "default_file"}}, setStaticIndex},
	{Argument{Name: "cache_control", Type: "str | None", Keyword: true, Default: "None", Rule: "at most 1 KiB",
		Doc: "The Cache-Control of the files, such as \"public, max-age=31536000, immutable\" for files whose names change with their content.", aka: []string{"cache", "expires", "max_age", "headers"}}, setCacheControl},
	{Argument{Name: "precompressed", Type: "bool", Keyword: true, Default: "True",
		Doc: "Whether NAME.br or NAME.gz is sent in place of NAME to clients that accept that, if it is not older.", aka: []string{"gzip_static", "brotli_static", "compressed", "gzip"}}, setPrecompressed},
}

// static implements static.
func (s *Session) staticFolder(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	c := s.begin(thread, s.words[b.Name()])
	have := c.bind(args, kwargs)
	out := &Static{opaque: "static", Span: c.span, Trace: c.trace}
	for _, g := range have {
		if value.IsUnset(g.value) {
			return g.value, nil
		}
	}
	out.static = plan.Static{Precompressed: true, Pos: position(c.span)}
	for _, f := range staticFields {
		if g := have[f.Name]; g != nil {
			f.set(c, g, &out.static)
		}
	}
	if prefix := out.static.Prefix; len(prefix) > 1 {
		out.static.Prefix = strings.TrimSuffix(prefix, "/")
	}
	if c.failed {
		out.static = plan.Static{}
	}
	s.statics = append(s.statics, out)
	return out, nil
}

const maxStaticPrefix = 1 << 10

func checkStaticPrefix(prefix string) error {
	switch {
	case prefix == "" || prefix[0] != '/':
		return value.Wrong("write "+value.Quote("/"+prefix), "must begin with a slash: %s", value.Quote(prefix))
	case len(prefix) > maxStaticPrefix:
		return value.Wrong("", "has %d bytes, but may have at most %d", len(prefix), maxStaticPrefix)
	case strings.ContainsAny(prefix, "*[{"):
		return value.Wrong("write the path that all of them begin with", "is a prefix, not a glob: %s", value.Quote(prefix))
	case strings.ContainsAny(prefix, "?#\\%") || strings.IndexFunc(prefix, func(r rune) bool { return r < ' ' || r == 0x7f }) >= 0:
		return value.Wrong("write it as it is, without escapes", "must be a path, without a query: %s", value.Quote(prefix))
	case prefix == "/":
		return nil
	}
	for segment := range strings.SplitSeq(strings.Trim(prefix, "/"), "/") {
		if segment == "" || segment == "." || segment == ".." {
			return value.Wrong("", "has a segment that no request has: %s", value.Quote(prefix))
		}
	}
	return nil
}

// setStaticDir makes a relative folder absolute, so that its meaning does not depend
// on where the master was started.
func setStaticDir(c *call, g *given, s *plan.Static) {
	dir, err := value.String(g.value)
	if err == nil && strings.TrimSpace(dir) == "" {
		err = value.Wrong(`write dir="assets"`, "is empty")
	}
	if err == nil && strings.ContainsRune(dir, 0) {
		err = value.Wrong("", "has a NUL in it")
	}
	if err != nil {
		c.wrongValue(g, err)
		return
	}
	s.Dir = c.session.absolute(dir)
}

func setStaticFallthrough(c *call, g *given, s *plan.Static) {
	c.setBool(g, &s.Fallthrough)
}

func setPrecompressed(c *call, g *given, s *plan.Static) {
	c.setBool(g, &s.Precompressed)
}

func (c *call) setBool(g *given, to *bool) {
	b, err := value.Bool(g.value)
	if err != nil {
		c.wrongValue(g, err)
		return
	}
	*to = b
}

func setStaticIndex(c *call, g *given, s *plan.Static) {
	if on, is := g.value.(starlark.Bool); is {
		label := "write None"
		if on {
			label = `write index="index.html"`
		}
		c.wrongValue(g, value.WrongType("the name of a file, or None", on, label))
		return
	}
	name, ok := optionalString(c, g)
	switch {
	case !ok:
	case strings.ContainsAny(name, "/\x00"):
		c.wrongValue(g, value.Wrong("write only the name of the file, which is in each folder", "must not have a slash in it: %s", value.Quote(name)))
	case name[0] == '.':
		c.wrongValue(g, value.Wrong("", "is hidden, because it begins with a dot: %s", value.Quote(name)))
	case len(name) > plan.MaxFileName:
		c.wrongValue(g, value.Wrong("", "has %d bytes, but a name may have at most %d", len(name), plan.MaxFileName))
	default:
		s.Index = name
	}
}

func setCacheControl(c *call, g *given, s *plan.Static) {
	if n, is := g.value.(starlark.Int); is {
		c.wrongValue(g, value.WrongType("a text, or None", n, fmt.Sprintf(`write "max-age=%v"`, n)))
		return
	}
	text, ok := optionalString(c, g)
	if !ok {
		return
	}
	if len(text) > plan.MaxCacheControl {
		c.wrongValue(g, value.Wrong("", "has %d bytes, but may have at most %d", len(text), plan.MaxCacheControl))
		return
	}
	if _, err := plan.NewHeaderEdit(plan.HeaderSet, "Cache-Control", plan.Plain(text)); err != nil {
		c.wrongValue(g, err)
		return
	}
	s.CacheControl = text
}

// setStatics reads the list of folders.
func setStatics(c *call, g *given, p *plan.Plan) {
	if s, single := g.value.(*Static); single {
		c.wrongValue(g, value.WrongType("a list of statics", s, "put [ ] around it"))
		return
	}
	if label := staticLabel(g.value); label != "" {
		c.wrongValue(g, value.WrongType(`a list, such as [static("/assets", dir="assets")]`, g.value, label))
		return
	}
	elems, err := value.List(g.value, `statics, such as [static("/assets", dir="assets")]`)
	if err != nil {
		c.wrongValue(g, err)
		return
	}
	if len(elems) > plan.MaxStatics {
		c.wrongValue(g, value.Wrong("", "has %d elements, but may have at most %d", len(elems), plan.MaxStatics))
		return
	}
	for i, e := range elems {
		s, ok := e.(*Static)
		if ok {
			s.used = true
		}
		switch {
		case value.IsUnset(e):
		case !ok:
			c.wrongValue(g, &value.ElementError{Index: i, Err: value.WrongType(`a value of static("/assets", dir="assets")`, e, staticLabel(e))})
		case s.static.Prefix == "": // its mistake has been reported
		case slices.ContainsFunc(p.Statics, func(other plan.Static) bool { return other.Prefix == s.static.Prefix }):
			c.wrongValue(g, &value.ElementError{Index: i, Err: value.Wrong("give it another prefix, or remove it", "has the prefix of an element before it: %s", value.Quote(s.static.Prefix))})
		default:
			p.Statics = append(p.Statics, s.static)
		}
	}
}

// staticLabel returns the correction for a value in the place of statics or of one of
// them.
func staticLabel(v starlark.Value) string {
	switch v := v.(type) {
	case starlark.String:
		return "write static(\"/assets\", dir=" + value.Quote(string(v)) + ")"
	case *starlark.Dict:
		if items := v.Items(); len(items) == 1 {
			if prefix, ok := items[0][0].(starlark.String); ok {
				return fmt.Sprintf("write static(%s, dir=%v)", value.Quote(string(prefix)), items[0][1])
			}
		}
		return `write static("/assets", dir="assets") for each`
	case starlark.Tuple:
		if v.Len() == 2 {
			return fmt.Sprintf("write static(%v, dir=%v)", v.Index(0), v.Index(1))
		}
	}
	return ""
}
