package data

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/BurntSushi/toml"
	"go.starlark.net/starlark"
)

// decodeTOML reads TOML 1.0. Dates and times become strings.
func decodeTOML(_ *starlark.Thread, text string) (starlark.Value, error) {
	values := make(map[string]any)
	meta, err := toml.Decode(text, &values)
	if wrong := (toml.ParseError{}); errors.As(err, &wrong) {
		return nil, at(text, wrong.Position.Start, "%s", strings.TrimSuffix(wrong.Message, "."))
	}
	if err != nil {
		return nil, &Error{Message: strings.TrimPrefix(err.Error(), "toml: ")}
	}
	m := tomlMaker{newMaker(), make(map[string]int)}
	for i, key := range meta.Keys() {
		for n := range key { // a table can be named only by what is in it
			if path := pathOf(key[:n+1]); m.order[path] == 0 {
				m.order[path] = i + 1
			}
		}
	}
	return m.value(values, nil)
}

// A tomlMaker makes values of those of the library, which loses the order of keys.
type tomlMaker struct {
	*maker
	order map[string]int // of keys by their paths, without the indexes of arrays
}

func pathOf(key toml.Key) string { return strings.Join(key, "\x00") }

// value makes a value, which is at a path.
func (m tomlMaker) value(v any, path toml.Key) (starlark.Value, error) {
	switch v := v.(type) {
	case string:
		return starlark.String(v), m.use(len(v))
	case bool:
		return starlark.Bool(v), m.use(0)
	case int64:
		return starlark.MakeInt64(v), m.use(0)
	case float64:
		return starlark.Float(v), m.use(0)
	case time.Time:
		return starlark.String(timeText(v)), m.use(0)
	case map[string]any:
		return m.dict(v, path)
	case []any:
		return listOf(m, v, path)
	case []map[string]any:
		return listOf(m, v, path)
	}
	return nil, fmt.Errorf("the TOML library gave a %T (this is a bug)", v)
}

// timeText writes a date, a time or both as TOML does. The library marks what is
// missing with the name of the zone.
func timeText(t time.Time) string {
	switch t.Location().String() {
	case "datetime-local":
		return t.Format("2006-01-02T15:04:05.999999999")
	case "date-local":
		return t.Format(time.DateOnly)
	case "time-local":
		return t.Format("15:04:05.999999999")
	}
	return t.Format(time.RFC3339Nano)
}

func listOf[V any](m tomlMaker, list []V, path toml.Key) (starlark.Value, error) {
	if err := m.enter(); err != nil {
		return nil, err
	}
	defer m.leave()
	out := make([]starlark.Value, len(list))
	for i, e := range list {
		var err error
		if out[i], err = m.value(e, path); err != nil {
			return nil, err
		}
	}
	return starlark.NewList(out), m.use(0)
}

func (m tomlMaker) dict(table map[string]any, path toml.Key) (starlark.Value, error) {
	if err := m.enter(); err != nil {
		return nil, err
	}
	defer m.leave()
	type entry struct {
		name string
		at   int
	}
	var entries []entry
	for name := range table {
		entries = append(entries, entry{name, m.order[pathOf(append(slices.Clip(path), name))]})
	}
	slices.SortFunc(entries, func(a, b entry) int {
		if a.at != b.at {
			return a.at - b.at
		}
		return strings.Compare(a.name, b.name)
	})
	out := starlark.NewDict(len(entries))
	for _, e := range entries {
		v, err := m.value(table[e.name], append(slices.Clip(path), e.name))
		if err == nil {
			err = m.use(len(e.name))
		}
		if err == nil {
			err = out.SetKey(starlark.String(e.name), v)
		}
		if err != nil {
			return nil, err
		}
	}
	return out, m.use(0)
}
