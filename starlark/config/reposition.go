package config

import (
	"reflect"

	"go.starlark.net/syntax"
)

var positionType = reflect.TypeFor[syntax.Position]()

// reposition gives each node of a file the position that at returns for its own.
func reposition(file *syntax.File, at func(line, col int) (int, int)) {
	syntax.Walk(file, func(n syntax.Node) bool {
		if n != nil {
			moveNode(n, at)
		}
		return true
	})
}

// moveNode moves the positions of one node, without those of the nodes in it.
func moveNode(n syntax.Node, at func(line, col int) (int, int)) {
	v := reflect.ValueOf(n)
	if v.Kind() != reflect.Pointer || v.Elem().Kind() != reflect.Struct {
		return
	}
	v = v.Elem()
	for i := range v.NumField() {
		if f := v.Field(i); f.Type() == positionType && f.CanSet() {
			p := f.Addr().Interface().(*syntax.Position)
			if p.IsValid() {
				line, col := at(int(p.Line), int(p.Col))
				p.Line, p.Col = int32(line), int32(col)
			}
		}
	}
}
