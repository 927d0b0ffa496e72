// Package bound bounds what one step of the interpreter may cost.
//
// The interpreter counts steps, and can be stopped between two of them. A
// single step can do any amount of work: an operator or a built-in function
// may make gigabytes from a few bytes, or walk a structure that holds itself
// many times over. Neither operators nor the methods of strings, lists and
// dicts can be replaced in the interpreter. So Rewrite changes the syntax tree
// of a file before it is compiled: what may be costly becomes a call of one of
// Words, which looks at the operands, refuses what is too large, and charges
// the thread with steps for the memory that the result takes.
//
// There are three ways to be costly, and one answer to each.
//
//   - To make much of little (*, +, %, join, replace, format, list(range(n))):
//     the size of the result is worked out beforehand, limited and charged.
//   - To walk something that is small in memory but huge when it is walked,
//     such as x = [x, x] thirty times over (==, in, hashes, str, json.encode):
//     weigh walks at most as much as the limit first. Where one operand is
//     plain to see a string or a number, the check is left out, so that
//     ordinary functions pay nothing.
//   - To take more than linear time (int of a long string, hashes that collide,
//     division of long numbers): the input is limited.
//
// Requests have far smaller limits than the loading of a configuration.
package bound
