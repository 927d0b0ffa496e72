// Package oracle has only tests. They hold what ldcorn makes of configurations in
// Python against what the Python ldcorn makes of them.
package oracle
