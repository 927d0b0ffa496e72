package cli

import (
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
)

// The formats that several commands have.
const (
	formatText = "text"
	formatJSON = "json"
)

// An outputFormat is the format of a command's output. The flag --format names it,
// and --json is short for --format json.
type outputFormat struct {
	name  string   // one of known
	known []string // the default is the first
	given string   // the flag that chose the format, or "" if none did
}

// addTo adds --format and --json to a command. Its formats are text, JSON and those
// in more. The help says what is printed as JSON.
func (f *outputFormat) addTo(cmd *cobra.Command, jsonUsage string, more ...string) {
	f.known = append([]string{formatText, formatJSON}, more...)
	f.name = formatText
	flags := cmd.Flags()
	flags.Var((*formatValue)(f), "format", "print as `FORMAT`: "+orList(f.known))
	flags.Var((*jsonValue)(f), "json", jsonUsage)
	flags.Lookup("json").NoOptDefVal = "true"
	completeFixed(cmd, "format", f.known...)
}

// isJSON reports whether the output is JSON.
func (f *outputFormat) isJSON() bool { return f.name == formatJSON }

// choose sets the format, once.
func (f *outputFormat) choose(flag, name string) error {
	if f.given != "" && f.name != name {
		return usageError("got %s and %s, want one of them", f.given, flag)
	}
	f.name, f.given = name, flag
	return nil
}

// A formatValue is the value of --format. It is a pflag.Value.
type formatValue outputFormat

func (v *formatValue) Set(s string) error {
	if !slices.Contains(v.known, s) {
		return usageError("--format %q: want %s", s, orList(v.known))
	}
	return (*outputFormat)(v).choose("--format "+s, s)
}

// Type returns "string", so that the help shows the default in quotes.
func (v *formatValue) Type() string   { return "string" }
func (v *formatValue) String() string { return v.name }

// A jsonValue is the value of --json. It is a pflag.Value.
type jsonValue outputFormat

func (v *jsonValue) Set(s string) error {
	on, err := strconv.ParseBool(s)
	if err != nil || !on {
		return err
	}
	return (*outputFormat)(v).choose("--json", formatJSON)
}

// Type returns the key in flagWants.
func (v *jsonValue) Type() string { return "bool" }

// String returns "false", so that the help shows no default.
func (v *jsonValue) String() string { return "false" }

// orList joins words as a sentence does: "text, json or github".
func orList(words []string) string {
	last := len(words) - 1
	if last < 1 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
