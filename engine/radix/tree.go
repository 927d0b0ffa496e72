package radix

import "strings"

// A Tree holds a V for each of a set of literals, and finds the literals that a
// text starts with. Once linked, it is safe for concurrent use. The zero Tree
// is empty.
type Tree[V any] struct{ root node[V] }

// At returns a pointer to the value of exactly this literal, and adds the
// literal if necessary. After that, the tree must be linked again.
func (t *Tree[V]) At(literal string) *V { return t.root.insert(literal).at() }

// Link completes the tree once all literals have been added.
func (t *Tree[V]) Link() { t.root.link(nil) }

// Longest returns the entry of the longest literal that text starts with, or
// nil.
func (t *Tree[V]) Longest(text string) *Held[V] { return t.root.longest(text) }

// A Held is the entry of one literal in a tree.
type Held[V any] struct {
	Value   V
	shorter *Held[V]
}

// Shorter returns the entry of the next shorter literal that the text starts
// with, or nil.
func (h *Held[V]) Shorter() *Held[V] { return h.shorter }

// A node of the radix tree represents a literal: the concatenated labels from
// the root to the node.
type node[V any] struct {
	label    string
	firsts   string // first bytes of the children's labels
	children []*node[V]
	own      *Held[V] // entry of exactly this literal
	best     *Held[V] // own, or the entry of the nearest node above that has one
}

// at returns a pointer to the value of the node's own literal.
func (n *node[V]) at() *V {
	if n.own == nil {
		n.own = &Held[V]{}
	}
	return &n.own.Value
}

// insert returns the node of a literal below n, and creates it if necessary.
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

// link completes the tree below n: each entry gets a link to the entry of the
// next shorter literal.
func (n *node[V]) link(above *Held[V]) {
	n.best = above
	if n.own != nil {
		n.own.shorter = above
		n.best = n.own
	}
	for _, child := range n.children {
		child.link(n.best)
	}
}

func (n *node[V]) longest(text string) *Held[V] {
	for len(text) > 0 {
		i := strings.IndexByte(n.firsts, text[0])
		if i < 0 || !strings.HasPrefix(text, n.children[i].label) {
			break
		}
		n = n.children[i]
		text = text[len(n.label):]
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
