// Package reference shows the language of the configuration to those who
// write it: as a stub file for editors, as JSON, as a page, as text. All of
// them come from the table that package builtin reads arguments by, so that
// none can say what is not so.
package reference
