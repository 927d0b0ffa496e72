// Package builtin holds the words of the configuration language, such as
// LdConfig, WorkerGroup, env and secret. One table lists the arguments of each
// word; reading, suggestions, effects and the reference documentation all come
// from it.
//
// A word reports every mistake in a call and returns a stand-in for the
// intended value, so that one evaluation finds all mistakes. After the
// configuration is loaded, the few words that also work for requests return an
// error instead, and the others are refused.
package builtin
