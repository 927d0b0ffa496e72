// Package terminal knows what the reader of the program's output can show:
// colors, tables, progress that changes in place, and screens that are drawn
// over. What is to be said comes from the commands.
package terminal
