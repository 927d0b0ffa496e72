// Package traceback recognizes the tracebacks of Python among the lines that a
// program prints, and folds them: the frames of the app come first, the frames
// of frameworks and of Python itself become a count, and the exception comes
// last. It knows the formats of Python 3.8 to 3.13: chained exceptions,
// exception groups, carets, notes and syntax errors.
package traceback
