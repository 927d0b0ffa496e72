// Package bound limits the cost of one step of the interpreter.
//
// The interpreter counts steps and can be stopped between two of them. A single
// step can do any amount of work: an operator or a built-in function can make
// gigabytes from a few bytes, or walk a structure that holds itself many times
// over. The interpreter offers no way to replace operators or the methods of
// strings, lists and dicts. So Rewrite changes the syntax tree of a file before
// it is compiled: each operation that can be costly becomes a call of one of
// Words, which checks the operands, refuses those that are too large, and
// charges the thread steps for the memory that the result takes.
//
// An operation can be costly in three ways, and each has its own remedy:
//
//   - It makes much from little (*, +, %, join, replace, format, list(range(n))).
//     The size of the result is calculated first, limited and charged.
//   - It walks a value that is small in memory but huge when walked, such as
//     x = [x, x] repeated thirty times (==, in, hashes, str, json.encode).
//     weigh first walks no more than the limit. If one operand is clearly a
//     string or a number, Rewrite omits the check, so ordinary functions pay
//     nothing.
//   - It takes more than linear time (int of a long string, hashes that
//     collide, division of long numbers). The input is limited.
//
// Requests have far smaller limits than the loading of a configuration.
package bound
