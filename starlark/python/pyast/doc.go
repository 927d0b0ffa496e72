// Package pyast parses Python into nodes that know their bytes, so that a
// file can be rewritten with its comments and layout as they are. It knows
// Python's grammar up to 3.14 as far as a configuration may use it; of match
// and type statements it only knows where they begin and end. What a program
// means is left to others.
package pyast
