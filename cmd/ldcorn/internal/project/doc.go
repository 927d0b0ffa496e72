// Package project looks at the folder of a Python project and finds what a
// configuration needs: the apps, the interpreter, and how the project is served
// now. It only reads files, within limits of number, size and depth. It imports
// and runs nothing.
package project
