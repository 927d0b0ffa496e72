// Package top shows the state of a running master live in a terminal, for ldcorn top.
//
// A source reads the master and makes a Data of what it finds, which never changes. The
// model has the newest Data and what the user has chosen; keys and messages change it,
// and it draws the screen from them. Only actions that the user confirms change the
// master.
package top
