//go:build linux

package cli

import (
	"testing"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/harness"
)

func TestMain(m *testing.M) { harness.Main(m, func() int { return Main(Build{}) }) }
