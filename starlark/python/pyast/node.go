package pyast

import "strings"

// A Kind is the kind of a Node.
type Kind string

// These are the kinds of statements, with their kids.
const (
	File      Kind = "file"       // statements
	Block     Kind = "block"      // statements; Op is "else" or "finally" for such a block
	ExprStmt  Kind = "expression" // one expression
	Assign    Kind = "assignment" // targets, value
	AugAssign Kind = "augmented"  // target, value; Op
	AnnAssign Kind = "annotated"  // target, Annotation, optional value
	Return    Kind = "return"     // optional value
	Raise     Kind = "raise"      // optional exception, optional cause
	Assert    Kind = "assert"     // test, optional message
	Del       Kind = "del"        // targets
	Word      Kind = "word"       // pass, break, continue, global, nonlocal: Name
	Import    Kind = "import"     // Alias
	From      Kind = "from"       // Alias; Name is the module, Op its dots
	If        Kind = "if"         // test, Block, optional If (an elif) or Block (else)
	While     Kind = "while"      // test, Block, optional Block
	For       Kind = "for"        // target, iterable, Block, optional Block
	Def       Kind = "def"        // Decorators, Params, optional Annotation, Block; Name
	Class     Kind = "class"      // Decorators, arguments, Block; Name
	Decorator Kind = "decorator"  // expression
	With      Kind = "with"       // expressions, Block
	Try       Kind = "try"        // Block, Excepts, optional else (Op), optional finally (Op)
	Except    Kind = "except"     // optional type, Block; Name
	Other     Kind = "other"      // match, type, async: Name; async has Decorators and its Def, For or With
	Alias     Kind = "alias"      // Name, As
)

// These are the kinds of expressions, with their kids.
const (
	Name       Kind = "name"
	Number     Kind = "number"
	String     Kind = "string"  // Op is its prefix
	FString    Kind = "fstring" // Fields; Op is its prefix
	Field      Kind = "field"   // expression; Op is its conversion, Name its format, Debug for =
	Concat     Kind = "concat"  // adjacent Strings and FStrings
	Ellipsis   Kind = "ellipsis"
	Paren      Kind = "paren" // expression
	Tuple      Kind = "tuple" // elements; Op is "(" if it has its own parentheses
	List       Kind = "list"
	Set        Kind = "set"
	Dict       Kind = "dict"     // Pair, DoubleStar
	Pair       Kind = "pair"     // key, value
	ListComp   Kind = "listcomp" // element, CompFor …
	SetComp    Kind = "setcomp"
	DictComp   Kind = "dictcomp" // Pair, CompFor …
	GenExp     Kind = "genexp"   // element, CompFor …; Op is "(" if it has its own parentheses
	CompFor    Kind = "compfor"  // target, iterable, conditions …
	Unary      Kind = "unary"    // operand; Op
	Binary     Kind = "binary"   // left, right; Op
	Bool       Kind = "bool"     // left, right; Op is and, or
	Compare    Kind = "compare"  // operand, Operator, operand …
	Operator   Kind = "operator" // Op, such as "not in"
	IfExp      Kind = "ifexp"    // value, test, other value
	Lambda     Kind = "lambda"   // Params, value
	Walrus     Kind = "walrus"   // Name, value
	Star       Kind = "star"
	DoubleStar Kind = "doublestar"
	Await      Kind = "await"
	Yield      Kind = "yield"
	Call       Kind = "call"       // function, arguments: expression, Keyword, Star, DoubleStar, GenExp
	Keyword    Kind = "keyword"    // value; Name
	Attr       Kind = "attr"       // object; Name
	Index      Kind = "index"      // object, expression or Slice
	Slice      Kind = "slice"      // those of start, stop and step that are present
	Params     Kind = "params"     // Param
	Param      Kind = "param"      // optional Annotation, optional default; Name, Op is *, **, / or empty
	Annotation Kind = "annotation" // the type; it begins at the colon or arrow
)

// A Node is one construct of a file. Its Kids are in the order of the file, and
// the text between them belongs to the node itself.
type Node struct {
	Kind       Kind
	Start, End int // in bytes
	Kids       []*Node
	Name       string
	Op         string
	As         string // of an Alias, or ""
	NameAt     int    // offset of the Name of an Attr, Keyword, Def, Param or Class
	Debug      bool
}

// Kid returns the i-th kid, counted from the end if i is negative, or nil.
func (n *Node) Kid(i int) *Node {
	if i < 0 {
		i += len(n.Kids)
	}
	if i < 0 || i >= len(n.Kids) {
		return nil
	}
	return n.Kids[i]
}

// Find returns the first kid of a kind, or nil.
func (n *Node) Find(k Kind) *Node {
	for _, kid := range n.Kids {
		if kid.Kind == k {
			return kid
		}
	}
	return nil
}

// Walk calls f for a node and, if f returns true, walks its kids.
func Walk(n *Node, f func(*Node) bool) {
	if n == nil || !f(n) {
		return
	}
	for _, kid := range n.Kids {
		Walk(kid, f)
	}
}

// IsName reports whether a node is a Name with one of the given names.
func (n *Node) IsName(names ...string) bool {
	if n == nil || n.Kind != Name {
		return false
	}
	for _, name := range names {
		if n.Name == name {
			return true
		}
	}
	return false
}

// Body returns the text between the quotes of a String or FString.
func (n *Node) Body(src string) string {
	text := src[n.Start+len(n.Op) : n.End]
	q := quoteLength(text)
	return text[q : len(text)-q]
}

// Quote returns the quotes of a String or FString.
func (n *Node) Quote(src string) string {
	text := src[n.Start+len(n.Op) : n.End]
	return text[:quoteLength(text)]
}

func quoteLength(s string) int {
	if len(s) >= 6 && strings.HasPrefix(s, strings.Repeat(s[:1], 3)) {
		return 3
	}
	return 1
}
