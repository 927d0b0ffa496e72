package format

import (
	"math/big"
	"reflect"
	"slices"
	"strings"

	"go.starlark.net/syntax"
)

// sameProgram reports whether two files have the same content in the same
// order, regardless of positions.
func sameProgram(a, b *syntax.File) bool {
	return same(reflect.ValueOf(a.Stmts), reflect.ValueOf(b.Stmts))
}

var (
	positionType = reflect.TypeFor[syntax.Position]()
	numberType   = reflect.TypeFor[*big.Int]()
)

func same(a, b reflect.Value) bool {
	a, b = bare(a), bare(b)
	if a.IsValid() != b.IsValid() || a.IsValid() && a.Type() != b.Type() {
		return false
	}
	switch a.Kind() {
	case reflect.Invalid:
		return true
	case reflect.Pointer:
		if a.IsNil() || b.IsNil() {
			return a.IsNil() == b.IsNil()
		}
		if a.Type() == numberType {
			return a.Interface().(*big.Int).Cmp(b.Interface().(*big.Int)) == 0
		}
		return same(a.Elem(), b.Elem())
	case reflect.Slice:
		if a.Len() != b.Len() {
			return false
		}
		for i := range a.Len() {
			if !same(a.Index(i), b.Index(i)) {
				return false
			}
		}
		return true
	case reflect.Struct:
		return sameFields(a, b)
	}
	return a.Equal(b)
}

func sameFields(a, b reflect.Value) bool {
	if a.Type() == positionType {
		return true
	}
	for i := range a.NumField() {
		f := a.Type().Field(i)
		// Raw is the literal as written; its value is in another field.
		if f.IsExported() && f.Name != "Raw" && !same(a.Field(i), b.Field(i)) {
			return false
		}
	}
	return true
}

// bare returns the content of an interface without its parentheses, which have
// no meaning after parsing.
func bare(v reflect.Value) reflect.Value {
	for v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	for v.IsValid() {
		p, ok := v.Interface().(*syntax.ParenExpr)
		if !ok {
			break
		}
		v = reflect.ValueOf(p.X)
	}
	return v
}

// sameComments reports whether two files have the same comments.
func sameComments(a, b *syntax.File) bool {
	return slices.Equal(comments(a), comments(b))
}

func comments(file *syntax.File) []string {
	var out []string
	syntax.Walk(file, func(n syntax.Node) bool {
		if n == nil {
			return true
		}
		if c := n.Comments(); c != nil {
			for _, c := range slices.Concat(c.Before, c.Suffix, c.After) {
				out = append(out, strings.TrimSpace(c.Text))
			}
		}
		return true
	})
	slices.Sort(out)
	return out
}
