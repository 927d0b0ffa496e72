// Package behind has only tests, which run ldcorn behind other proxies with the files
// that docs/behind.md shows.
package behind
