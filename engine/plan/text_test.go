package plan_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/plan"
)

func TestSecretIsNeverShown(t *testing.T) {
	secret := plan.Secret("hunter2")
	holder := struct{ Password plan.Text }{secret}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&out, verb+"\n", secret)
		fmt.Fprintf(&out, verb+"\n", &secret)
		fmt.Fprintf(&out, verb+"\n", holder)
		fmt.Fprintf(&out, verb+"\n", []plan.EnvVar{{Name: "A", Value: secret}})
	}
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "secret", secret, "holder", holder)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "secret", secret, "holder", holder)
	data, err := json.Marshal(holder)
	require.NoError(t, err)
	out.Write(data)
	assert.NotContains(t, out.String(), "hunter2")
	assert.NotContains(t, out.String(), "68756e746572") // in hex
	assert.Equal(t, "hunter2", secret.Reveal())
}

func TestTextEquality(t *testing.T) {
	same := func(a, b plan.Text) bool { return a == b }
	assert.True(t, same(plan.Plain("a"), plan.Plain("a")))
	assert.True(t, same(plan.Secret("a"), plan.Secret("a")))
	assert.False(t, same(plan.Secret("a"), plan.Secret("b")))
	assert.False(t, same(plan.Secret("a"), plan.Plain("a")))
	assert.Equal(t, "a", plan.Plain("a").String())
}
