package route

import (
	"strings"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// A node of the radix tree stands for a literal: the labels from the root to
// it, joined.
type node[T any] struct {
	label    string
	firsts   string // first bytes of the children's labels
	children []*node[T]
	own      *candidates[T] // routes with exactly this literal
	best     *candidates[T] // own, or those of the nearest node above that has some
}

// Candidates are the routes that share a literal, in the order to try them.
type candidates[T any] struct {
	globs   []*entry[T] // first, in the order written
	prefix  *entry[T]   // then this one, which takes every path that came here
	shorter *candidates[T]
}

// add appends a route. Behind a prefix none is ever reached.
func (n *node[T]) add(e *entry[T]) {
	if n.own == nil {
		n.own = &candidates[T]{}
	}
	c := n.own
	switch {
	case c.prefix != nil:
	case e.route.Kind == plan.RoutePrefix:
		c.prefix = e
	default:
		c.globs = append(c.globs, e)
	}
}

// insert returns the node of a literal below n, and makes it if need be.
func (n *node[T]) insert(literal string) *node[T] {
	if literal == "" {
		return n
	}
	i := strings.IndexByte(n.firsts, literal[0])
	if i < 0 {
		child := &node[T]{label: literal}
		n.firsts += literal[:1]
		n.children = append(n.children, child)
		return child
	}
	child := n.children[i]
	common := commonPrefix(child.label, literal)
	if common < len(child.label) {
		upper := &node[T]{label: child.label[:common], firsts: child.label[common : common+1], children: []*node[T]{child}}
		child.label = child.label[common:]
		n.children[i] = upper
		child = upper
	}
	return child.insert(literal[common:])
}

// link completes the tree below n once all routes are in: from each node
// there is one step to the candidates of the next shorter literal.
func (n *node[T]) link(above *candidates[T]) {
	n.best = above
	if n.own != nil {
		n.own.shorter = above
		n.best = n.own
	}
	for _, child := range n.children {
		child.link(n.best)
	}
}

// longest returns the candidates of the longest literal that path starts
// with, or nil.
func (n *node[T]) longest(path string) *candidates[T] {
	for len(path) > 0 {
		i := strings.IndexByte(n.firsts, path[0])
		if i < 0 || !strings.HasPrefix(path, n.children[i].label) {
			break
		}
		n = n.children[i]
		path = path[len(n.label):]
	}
	return n.best
}

func commonPrefix(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}
