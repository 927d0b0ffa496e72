package data

import (
	"bytes"
	"errors"
	"io"
	"math/big"
	"regexp"

	"go.starlark.net/starlark"
	"go.yaml.in/yaml/v4"
)

// decodeYAML reads one document of YAML 1.2, with the merge keys of 1.1. The library
// parses it into nodes, in which an alias is only a reference.
func decodeYAML(_ *starlark.Thread, text string) (v starlark.Value, err error) {
	d := yaml.NewDecoder(bytes.NewReader([]byte(text)))
	doc, err := document(d, text)
	if errors.Is(err, io.EOF) {
		return starlark.None, nil
	}
	if err != nil {
		return nil, err
	}
	second, err := document(d, text)
	switch {
	case err == nil:
		return nil, wrongNode(second, "a second document begins here, but only one can be read")
	case !errors.Is(err, io.EOF):
		return nil, err
	}
	return yamlMaker{newMaker()}.value(doc)
}

// document returns the next document of a text, or io.EOF.
func document(d *yaml.Decoder, text string) (*yaml.Node, error) {
	doc := new(yaml.Node)
	err := d.Decode(doc)
	load := new(yaml.LoadError)
	switch {
	case err == nil && doc.Kind == yaml.DocumentNode && len(doc.Content) == 1:
		return doc.Content[0], nil
	case err == nil:
		return doc, nil
	case errors.Is(err, io.EOF):
		return nil, io.EOF
	case errors.As(err, &load):
		return nil, syntaxError(text, load)
	}
	return nil, &Error{Message: err.Error()}
}

func wrongNode(n *yaml.Node, message string) error {
	return &Error{Line: n.Line, Col: n.Column, Message: message}
}

// A yamlMaker makes values of nodes.
type yamlMaker struct{ *maker }

func (m yamlMaker) value(n *yaml.Node) (starlark.Value, error) {
	switch n.Kind {
	case yaml.ScalarNode:
		return m.scalar(n)
	case yaml.AliasNode:
		if err := m.enter(); err != nil { // an alias can be a part of its own value
			return nil, err
		}
		defer m.leave()
		return m.value(n.Alias)
	case yaml.SequenceNode:
		return m.list(n)
	case yaml.MappingNode:
		return m.dict(n)
	}
	return starlark.None, m.use(0) // an empty document
}

func (m yamlMaker) list(n *yaml.Node) (starlark.Value, error) {
	if err := m.enter(); err != nil {
		return nil, err
	}
	defer m.leave()
	if err := m.tag(n, "!!seq"); err != nil {
		return nil, err
	}
	out := make([]starlark.Value, len(n.Content))
	for i, e := range n.Content {
		var err error
		if out[i], err = m.value(e); err != nil {
			return nil, err
		}
	}
	return starlark.NewList(out), m.use(0)
}

func (m yamlMaker) dict(n *yaml.Node) (starlark.Value, error) {
	if err := m.enter(); err != nil {
		return nil, err
	}
	defer m.leave()
	if err := m.tag(n, "!!map"); err != nil {
		return nil, err
	}
	out := starlark.NewDict(len(n.Content) / 2)
	var merged []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.Kind == yaml.ScalarNode && key.ShortTag() == "!!merge" {
			merged = append(merged, value)
			continue
		}
		if err := m.set(out, key, value); err != nil {
			return nil, err
		}
	}
	for _, value := range merged {
		if err := m.merge(out, value); err != nil {
			return nil, err
		}
	}
	return out, m.use(0)
}

// set adds an entry to a dict.
func (m yamlMaker) set(out *starlark.Dict, key, value *yaml.Node) error {
	k, err := m.value(key)
	if err != nil {
		return err
	}
	switch k.(type) {
	case *starlark.List, *starlark.Dict:
		return wrongNode(key, "a key must be a text or a number")
	}
	if _, twice, _ := out.Get(k); twice {
		return wrongNode(key, "the key "+k.String()+" is there twice")
	}
	v, err := m.value(value)
	if err != nil {
		return err
	}
	return out.SetKey(k, v)
}

// merge adds the entries of <<: to a dict, unless it has them already.
func (m yamlMaker) merge(out *starlark.Dict, value *yaml.Node) error {
	from := []*yaml.Node{value}
	if value.Kind == yaml.SequenceNode {
		from = value.Content
	}
	for _, n := range from {
		v, err := m.value(n)
		if err != nil {
			return err
		}
		dict, ok := v.(*starlark.Dict)
		if !ok {
			return wrongNode(n, "<< takes a mapping, or a list of them")
		}
		for _, item := range dict.Items() {
			if _, has, _ := out.Get(item[0]); has {
				continue
			}
			if err := out.SetKey(item[0], item[1]); err != nil {
				return err
			}
		}
	}
	return nil
}

// tag refuses a node with a tag of its own.
func (m yamlMaker) tag(n *yaml.Node, want string) error {
	if tag := n.ShortTag(); tag != want {
		return wrongNode(n, "the tag "+tag+" has no meaning here")
	}
	return nil
}

var wholeNumber = regexp.MustCompile(`^[-+]?[0-9]+$`)

func (m yamlMaker) scalar(n *yaml.Node) (starlark.Value, error) {
	if err := m.use(len(n.Value)); err != nil {
		return nil, err
	}
	switch n.ShortTag() {
	case "!!str", "!!timestamp", "!!merge":
		return starlark.String(n.Value), nil
	case "!!null":
		return starlark.None, nil
	case "!!bool", "!!int", "!!float":
	default:
		return nil, m.tag(n, "!!str")
	}
	if wholeNumber.MatchString(n.Value) && len(n.Value) > len("-9223372036854775808") { // the library would make it a float
		i, ok := new(big.Int).SetString(n.Value, 10)
		if !ok || len(n.Value) > maxDigits {
			return nil, wrongNode(n, "the number is too long")
		}
		return starlark.MakeBigInt(i), nil
	}
	var v any
	if err := n.Decode(&v); err != nil {
		return nil, wrongNode(n, "this is not a value of the type "+n.ShortTag())
	}
	switch v := v.(type) {
	case bool:
		return starlark.Bool(v), nil
	case int:
		return starlark.MakeInt(v), nil
	case int64:
		return starlark.MakeInt64(v), nil
	case uint64:
		return starlark.MakeUint64(v), nil
	case float64:
		return starlark.Float(v), nil
	}
	return starlark.String(n.Value), nil
}

// maxDigits is the length of the longest number. To read one takes more than linear
// time.
const maxDigits = 10_000
