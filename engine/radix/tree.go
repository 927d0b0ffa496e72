package radix

import "strings"

// A Tree holds a V for each of some literals, and finds those that a text
// starts with. Once it is linked, it is safe for concurrent use. The zero Tree
// is empty.
type Tree[V any] struct{ root node[V] }

// At returns the place of what is held for exactly a literal, and makes it if
// need be. The tree must be linked anew after that.
func (t *Tree[V]) At(literal string) *V { return t.root.insert(literal).at() }

// Link completes the tree once all literals are in.
func (t *Tree[V]) Link() { t.root.link(nil) }

// Longest returns what is held for the longest literal that a text starts
// with, or nil.
func (t *Tree[V]) Longest(text string) *Held[V] { return t.root.longest(text) }

// A Held is what a tree holds for one literal.
type Held[V any] struct {
	Value   V
	shorter *Held[V]
}

// Shorter returns what is held for the next shorter literal that the text
// starts with, or nil.
func (h *Held[V]) Shorter() *Held[V] { return h.shorter }

// A node of the radix tree stands for a literal: the labels from the root to
// it, joined.
type node[V any] struct {
	label    string
	firsts   string // first bytes of the children's labels
	children []*node[V]
	own      *Held[V] // what is known of exactly this literal
	best     *Held[V] // own, or that of the nearest node above that has some
}

// at returns what is held for exactly the literal of the node.
func (n *node[V]) at() *V {
	if n.own == nil {
		n.own = &Held[V]{}
	}
	return &n.own.Value
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
