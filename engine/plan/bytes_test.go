package plan_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ldcorn/ldcorn/engine/plan"
)

func TestBytes(t *testing.T) {
	for b, want := range map[plan.Bytes]string{
		0: "0", 7: "7", 1025: "1025", 64 << 10: `"64KiB"`, 512 << 20: `"512MiB"`, 2 << 30: `"2GiB"`,
		1536 << 20: `"1536MiB"`, 10e6: `"10MB"`, 3e9: `"3GB"`,
	} {
		assert.Equal(t, want, b.String())
	}
}
