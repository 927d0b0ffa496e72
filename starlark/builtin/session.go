package builtin

import (
	"fmt"
	"math"
	"path/filepath"
	"slices"

	starlarkmath "go.starlark.net/lib/math"
	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
	"go.starlark.net/syntax"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/starlark/bound"
	"github.com/ldcorn/ldcorn/starlark/diag"
)

// Options connect the words to their evaluation. All of them are required.
type Options struct {
	Dir          string // the configuration's folder, absolute
	Sources      *diag.Sources
	Report       func(diag.Diagnostic)
	LookupEnv    func(name string) (string, bool)
	AllowMissing bool // an unset variable without a default is not an error
	ReadFile     func(path string) ([]byte, error)
	CPUs         func() int
	// Input records one read by the evaluation. Content is nil for a variable
	// that is not set.
	Input func(kind plan.InputKind, name string, content []byte, secret bool)
	Set   map[string]string         // values of arguments, by name
	Args  map[string]starlark.Value // the same, before Set
	// Find finds a file that a file of the configuration reads, by its name as messages
	// show it, or "". Path is as in load. The diagnostic says why it cannot be read.
	Find func(from, path string) (DataFile, *diag.Diagnostic)

	NameDir string         // the configuration's folder, as messages show it
	FileEnv []FileVariable // variables that count as set if LookupEnv has none
	// Hide makes messages name a variable of a file instead of its value. It is called
	// before the evaluation can use the value.
	Hide func(name, value string)
}

// A Session holds the words of one evaluation and the groups that they have
// made. Only one goroutine may use it until Close.
type Session struct {
	opts       Options
	words      map[string]*Word
	groups     []*Group
	limits     []*Limit
	statics    []*Static
	configs    int
	fileEnv    map[string]string    // variables of files, which the environment does not set
	files      []FileVariable       // all variables of files
	unread     bool                 // a file of variables could not be read
	dotenv     Dotenv               // for advice
	dotenvRead bool                 // dotenv is known
	vague      []string             // names of arguments whose default is unset
	args       []*argument          // in order of first use
	argNamed   map[string]*argument // the same, by name
	truths     int                  // how many times the truth of a matcher was used
	unset      bool                 // an Unset was returned
	thread     *starlark.Thread     // the evaluating thread; nil before Run and after Close
	late       bool                 // the configuration has been loaded

	decisions []*Decision      // results of to during loading
	static    *syntax.CallExpr // the call of a router that is being checked without being made
}

// NewSession returns the words for one evaluation.
func NewSession(opts Options) *Session {
	s := &Session{opts: opts, words: make(map[string]*Word), fileEnv: make(map[string]string), files: slices.Clone(opts.FileEnv)}
	for _, v := range opts.FileEnv {
		s.fileEnv[v.Name] = v.Value
	}
	for _, w := range Words() {
		s.words[w.Name] = &w
	}
	return s
}

// Run sets the thread that evaluates the files. Call it before the evaluation.
func (s *Session) Run(thread *starlark.Thread) { s.thread = thread }

// Groups returns every group that was made, in order, including those that no
// LdConfig has.
func (s *Session) Groups() []*Group { return s.groups }

// Limits returns every limit that was made, in order.
func (s *Session) Limits() []*Limit { return s.limits }

// Statics returns every value of static that was made, in order.
func (s *Session) Statics() []*Static { return s.statics }

// Configs returns how many times LdConfig was called.
func (s *Session) Configs() int { return s.configs }

// Decisions returns the results of to during loading.
func (s *Session) Decisions() []*Decision { return s.decisions }

// HasUnset reports whether the evaluation has used a stand-in for an unset
// variable, so that an error may only be a consequence of that.
func (s *Session) HasUnset() bool { return s.unset }

// Predeclared returns the names that every file has in addition to those of
// Starlark.
func (s *Session) Predeclared() starlark.StringDict {
	fn := func(name string, f builtinFunc) *starlark.Builtin {
		return starlark.NewBuiltin(name, s.whileLoading(f))
	}
	words := starlark.StringDict{
		"LdConfig":    fn("LdConfig", s.ldConfig),
		"arg":         fn("arg", s.arg),
		"WorkerGroup": fn("WorkerGroup", s.workerGroup),
		"limit":       fn("limit", s.limit),
		"otlp":        fn("otlp", s.otlp),
		"listen":      fn("listen", s.listen),
		"tls":         fn("tls", s.tls),
		"acme":        fn("acme", s.acme),
		"rate":        fn("rate", s.rate),
		"static":      fn("static", s.staticFolder),
		"command":     fn("command", s.command),
		"hook":        fn("hook", s.hook),
		"webhook":     fn("webhook", s.hook),
		"env":         s.envWord(),
		"env_file":    fn("env_file", s.envFile),
		"rule":        fn("rule", s.rule),
		"secret":      fn("secret", s.secret),
		"secret_file": fn("secret_file", s.secretFile),
		"cpu_count":   fn("cpu_count", s.cpuCount),
		"json":        bound.JSON,
		"math":        starlarkmath.Module,
		"struct":      starlark.NewBuiltin("struct", starlarkstruct.Make),
	}
	for name := range dataFormats {
		words[name] = fn(name, s.readData)
	}
	words[byIssued], words[bySession] = fn(byIssued, s.issued), fn(bySession, s.bySession)
	for _, w := range keyWords() {
		words[w.Name] = fn(w.Name, s.key)
	}
	for _, w := range matcherWords() {
		words[w.Name] = fn(w.Name, s.matcher(w))
	}
	for _, w := range headerWords() {
		words[w.Name] = starlark.NewBuiltin(w.Name, s.headerEdit)
	}
	for name, f := range map[string]builtinFunc{"to": s.to, "respond": s.respond, "redirect": s.redirect} {
		words[name] = starlark.NewBuiltin(name, f)
	}
	return words
}

type builtinFunc = func(*starlark.Thread, *starlark.Builtin, starlark.Tuple, []starlark.Tuple) (starlark.Value, error)

// elsewhere returns a label if the argument belongs to another word.
func (s *Session) elsewhere(not *Word, name string) string {
	if name == "group" {
		return "" // it means the name of a WorkerGroup, not its argument
	}
	for _, word := range []string{"WorkerGroup", "LdConfig"} {
		if w := s.words[word]; w != not && w.argument(name) != nil {
			return fmt.Sprintf("it is an argument of %s", word)
		}
	}
	if w := s.words["listen"]; w != not && w.argument(name) != nil && (not.Name == "LdConfig" || not.Name == "WorkerGroup") {
		port := "8000"
		if name == "redirect_https" {
			port = "80"
		}
		return fmt.Sprintf("it is an argument of listen: bind=listen(\"0.0.0.0:%s\", %s=%s) of LdConfig", port, name, exampleOf(w.argument(name)))
	}
	return ""
}

// exampleOf returns a value to show for an argument that people give to another word.
func exampleOf(a *Argument) string {
	if a.Type == "bool" {
		return "True"
	}
	return "…"
}

// absolute returns an absolute path. A relative path starts at the
// configuration's folder.
func (s *Session) absolute(path string) string {
	if !filepath.IsAbs(path) {
		path = filepath.Join(s.opts.Dir, path)
	}
	return filepath.Clean(path)
}

// noLimit is the upper limit of a rule that has none.
const noLimit = math.MaxInt32
