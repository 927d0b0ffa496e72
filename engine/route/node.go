package route

import "strings"

// A node of the radix tree stands for a literal: the labels from the root to
// it, joined.
type node[V any] struct {
	label    string
	firsts   string // first bytes of the children's labels
	children []*node[V]
	own      *held[V] // what is known of exactly this literal
	best     *held[V] // own, or that of the nearest node above that has some
}

// Held is what the tree holds for a literal.
type held[V any] struct {
	value   V
	shorter *held[V] // of the next shorter literal that there is something for
}

// at returns what is held for exactly the literal of the node.
func (n *node[V]) at() *V {
	if n.own == nil {
		n.own = &held[V]{}
	}
	return &n.own.value
}

// insert returns the node of a literal below n, and makes it if need be.
func (n *node[V]) insert(literal string) *node[V] {
	if literal == "" {
		return n
	}
	i := strings.IndexByte(n.firsts, literal[0])
	if i < 0 {
		child := &node[V]{label: literal}
		n.firsts += literal[:1]
		n.children = append(n.children, child)
		return child
	}
	child := n.children[i]
	common := commonPrefix(child.label, literal)
	if common < len(child.label) {
		upper := &node[V]{label: child.label[:common], firsts: child.label[common : common+1], children: []*node[V]{child}}
		child.label = child.label[common:]
		n.children[i] = upper
		child = upper
	}
	return child.insert(literal[common:])
}

// link completes the tree below n once all routes are in: from each node
// there is one step to what is held for the next shorter literal.
func (n *node[V]) link(above *held[V]) {
	n.best = above
	if n.own != nil {
		n.own.shorter = above
		n.best = n.own
	}
	for _, child := range n.children {
		child.link(n.best)
	}
}

// longest returns what is held for the longest literal that path starts with,
// or nil.
func (n *node[V]) longest(path string) *held[V] {
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
