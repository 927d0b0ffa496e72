// Package builtin holds the words of the configuration language: LdConfig,
// WorkerGroup, env, secret, secret_file and cpu_count. One table says what
// arguments each has; reading, suggestions, effects and reference docs all
// come from it.
//
// A word reports every mistake of a call and goes on, with a value that
// stands for what was meant, so that one evaluation finds all of them. Once
// the configuration is loaded, the few words that are for requests as well
// fail instead, and the others are refused.
package builtin
