// Package cli is the command line of ldcorn. Each command has a file, which defines
// its arguments, how they complete, and its traits. To add a command, write its file
// and list it in root.go. Other files have code that commands share.
package cli
