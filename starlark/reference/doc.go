// Package reference presents the configuration language to its users: as a stub
// file for editors, as JSON, as a page, and as text. All of them come from the
// table by which package builtin reads arguments, so that they are always
// correct.
package reference
