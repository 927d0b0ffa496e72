package builtin

import (
	"fmt"
	"strings"

	"go.starlark.net/starlark"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/starlark/value"
)

// A HeaderEdit is the value of set_header, add_header or remove_header.
type HeaderEdit struct {
	opaque
	Edit plan.HeaderEdit // has no name if it was wrong, which has been reported
}

const headerEditType = "header edit"

// String returns a call that makes the edit, without a secret.
func (e *HeaderEdit) String() string { return e.Edit.String() }

func headerWords() []Word {
	name := Argument{Name: "name", Type: "str", Required: true, Rule: "in upper or lower case; not a header that frames a message or concerns one connection",
		Doc: "The header.", Example: `"X-Name"`, aka: []string{"header", "key"}}
	val := Argument{Name: "value", Type: "str | secret", Required: true, Rule: "one line",
		Doc: "The value of the header.", Example: `"value"`, aka: []string{"val", "to", "content"}}
	return []Word{
		{Name: string(plan.HeaderSet), Returns: "header_edit", Arguments: []Argument{name, val},
			Doc: "Sets a header and replaces all headers with its name."},
		{Name: string(plan.HeaderAdd), Returns: "header_edit", Arguments: []Argument{name, val},
			Doc: "Adds a header and keeps others with its name."},
		{Name: string(plan.HeaderRemove), Returns: "header_edit", Arguments: []Argument{name},
			Doc: "Removes every header with a name."},
	}
}

// headerEdit implements set_header, add_header and remove_header.
func (s *Session) headerEdit(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	c := s.begin(thread, s.words[b.Name()])
	have := c.bind(args, kwargs)
	for _, g := range have {
		if value.IsUnset(g.value) {
			return g.value, nil
		}
	}
	edit := &HeaderEdit{opaque: headerEditType, Edit: plan.HeaderEdit{Op: plan.HeaderOp(b.Name())}}
	name, named := c.headerName(have["name"])
	text, valued := c.headerValue(have["value"])
	if !named || !valued {
		return edit, c.err
	}
	made, err := plan.NewHeaderEdit(edit.Edit.Op, name, text)
	if err != nil {
		g := have["name"]
		if strings.HasPrefix(err.Error(), "the value") {
			g = have["value"]
		}
		c.wrong(g.span, b.Name()+"("+value.Quote(name)+")", codeHeader, err)
		return edit, c.err
	}
	edit.Edit = made
	return edit, nil
}

func (c *call) headerName(g *given) (string, bool) {
	if g == nil {
		return "", false
	}
	name, err := c.text(g.value)
	if err == nil {
		err = checkToken(name)
	}
	if err != nil {
		c.wrongValue(g, err)
	}
	return name, err == nil
}

// headerValue reads the value of an edit. remove_header has none.
func (c *call) headerValue(g *given) (plan.Text, bool) {
	if g == nil {
		return plan.Text{}, c.word.argument("value") == nil
	}
	if s, ok := g.value.(*value.Secret); ok {
		return plan.Secret(s.Reveal()), true
	}
	text, err := c.numberText(g.value)
	if err != nil {
		if g.value == starlark.None {
			err = value.WrongType("a string", g.value, "write remove_header(…) to remove the header")
		}
		c.wrongValue(g, err)
	}
	return plan.Plain(text), err == nil
}

// editsOf reads a list of header edits for requests or for answers.
func editsOf[T any](side plan.HeaderSide, place func(*T) *[]plan.HeaderEdit) func(*call, *given, *T) {
	return func(c *call, g *given, t *T) {
		if dict, ok := g.value.(*starlark.Dict); ok {
			c.wrongValue(g, value.WrongType("a list of header edits", dict, dictLabel(dict)))
			return
		}
		elems, err := value.List(g.value, `header edits, such as [set_header("X-Name", "value")]`)
		if err != nil {
			c.wrongValue(g, err)
			return
		}
		var sum headerSum
		for i, e := range elems {
			switch e := e.(type) {
			case *HeaderEdit:
				if e.Edit.Name == "" {
					continue
				}
				if err := sum.add(len(e.Edit.Name), len(e.Edit.Value.Reveal())); err != nil {
					c.wrongValue(g, err)
					return
				}
				if err := e.Edit.CheckSide(side); err != nil {
					c.wrong(c.element(g, i), "`"+g.arg.Name+"` cannot have "+string(e.Edit.Op)+"("+value.Quote(e.Edit.Name)+")", codeHeader, err)
					continue
				}
				*place(t) = append(*place(t), e.Edit)
			default:
				if !value.IsUnset(e) {
					c.wrongValue(g, &value.ElementError{Index: i, Err: value.WrongType("a header edit", e, editLabel(e))})
				}
			}
		}
	}
}

func dictLabel(dict *starlark.Dict) string {
	for _, item := range dict.Items() {
		name, isName := starlark.AsString(item[0])
		text, isText := starlark.AsString(item[1])
		if isName && isText {
			return "write [" + setHeader(name, text) + ", …]"
		}
	}
	return `write [set_header("X-Name", "value"), …]`
}

func editLabel(v starlark.Value) string {
	switch v := v.(type) {
	case starlark.String:
		if name, text, ok := strings.Cut(string(v), ":"); ok {
			return "write " + setHeader(name, strings.TrimSpace(text))
		}
		return "write " + setHeader(string(v), "value")
	case starlark.Tuple:
		if v.Len() == 2 {
			name, isName := starlark.AsString(v.Index(0))
			text, isText := starlark.AsString(v.Index(1))
			if isName && isText {
				return "write " + setHeader(name, text)
			}
		}
	case *starlark.Builtin:
		return "call it: write " + v.Name() + `("X-Name", …)`
	case *starlark.List:
		return "join lists with +, as in [set_header(…)] + more"
	}
	return ""
}

func setHeader(name, text string) string {
	return "set_header(" + value.Quote(name) + ", " + value.Quote(text) + ")"
}

// These limit the headers that an argument can write. A router can turn one
// short header of a request into a list of thousands of texts.
const (
	maxHeaders     = 256
	maxHeaderBytes = 64 << 10 // names, values and separators
)

// A headerSum counts the headers that an argument writes.
type headerSum struct{ headers, bytes int }

// add counts a header with the given lengths of name and value.
func (s *headerSum) add(name, value int) error {
	s.headers++
	s.bytes += name + len(": ") + value + len("\r\n")
	switch {
	case s.headers > maxHeaders:
		return fmt.Errorf("got more than %d headers, which is the limit", maxHeaders)
	case s.bytes > maxHeaderBytes:
		return fmt.Errorf("got headers of more than %d bytes together, which is the limit", maxHeaderBytes)
	}
	return nil
}
