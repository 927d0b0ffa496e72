// Package dotenv reads files of environment variables (.env) as python-dotenv does,
// since the apps of a configuration often read the same files with it: quotes, export,
// comments, values of several lines, and ${NAME} or ${NAME:-default} for the value of
// another variable. Unlike there, a value in single quotes is taken as it is, as in a
// shell and in Docker Compose, and a line that cannot be read is an error.
//
// No error shows a part of a value.
package dotenv
