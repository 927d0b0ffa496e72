package diag

import "github.com/ldcorn/ldcorn/engine/near"

// Near returns the candidate that the author of name most likely meant, as near.Name does.
func Near(name string, candidates []string) string { return near.Name(name, candidates) }

func fold(s string) string { return near.Fold(s) }
