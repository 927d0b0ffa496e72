package harness

import (
	"cmp"
	"os"
	"path/filepath"
)

// PySpy returns the path of the py-spy that tests run: that of $LDCORN_TEST_PYSPY, or else
// the one of scripts/get-pyspy below root, the repository. It may not exist.
func PySpy(root string) string {
	return cmp.Or(os.Getenv("LDCORN_TEST_PYSPY"), filepath.Join(root, ".pyspy", "bin", "py-spy"))
}
