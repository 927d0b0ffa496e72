// Package exact finds, while a Python file is evaluated as Starlark, the operations
// whose results would differ in Python: their error says so. Differences that the text
// of the file shows are found by python.Differs.
package exact
