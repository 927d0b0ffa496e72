package cli

import (
	"strings"
	"unicode/utf8"

	"github.com/spf13/pflag"

	"github.com/ldcorn/ldcorn/engine/api"
)

// setFlags are the flags that give arguments of the configuration other values.
type setFlags struct {
	given []string // NAME=VALUE
}

func (f *setFlags) addFlags(flags *pflag.FlagSet) {
	flags.StringArrayVar(&f.given, "set", nil, "set an argument of the configuration, as `NAME=VALUE` (repeatable)")
}

// values returns what is set, by name. The last of two values for a name wins.
func (f *setFlags) values() (map[string]string, error) {
	if len(f.given) == 0 {
		return nil, nil
	}
	out := make(map[string]string, len(f.given))
	for _, nv := range f.given {
		name, value, ok := strings.Cut(nv, "=")
		name = strings.TrimSpace(name)
		switch {
		case !ok || name == "":
			return nil, usageError("--set %q: want NAME=VALUE, such as workers=4", nv)
		case !utf8.ValidString(nv):
			return nil, usageError("--set %q: want UTF-8 text", nv)
		}
		out[name] = value
	}
	return out, nil
}

// masterSetFlags are setFlags for a running master, which keeps what is set.
type masterSetFlags struct {
	setFlags
	unset []string
}

func (f *masterSetFlags) addFlags(flags *pflag.FlagSet) {
	f.setFlags.addFlags(flags)
	flags.StringArrayVar(&f.unset, "unset", nil, "give the argument `NAME` its default again (repeatable)")
}

// any reports whether a flag is given.
func (f *masterSetFlags) any() bool { return len(f.given)+len(f.unset) > 0 }

// settings returns what the flags change.
func (f *masterSetFlags) settings() (out api.ArgSettings, err error) {
	if out.Set, err = f.values(); err != nil {
		return out, err
	}
	for _, name := range f.unset {
		if _, both := out.Set[name]; both {
			return out, usageError("got --set and --unset of %s, want one of them", name)
		}
	}
	out.Unset = f.unset
	return out, nil
}
