// Package cli is the command line of ldcorn: a file for each command, and what
// several of them share. A command says in its own file what it takes, how its
// arguments complete and which traits it has; root.go has the list of all.
package cli
