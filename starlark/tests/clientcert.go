package tests

import (
	"fmt"

	"go.starlark.net/starlark"

	"github.com/ldcorn/ldcorn/engine/request"
	"github.com/ldcorn/ldcorn/starlark/diag"
	"github.com/ldcorn/ldcorn/starlark/value"
)

// certParts are what the dict of client_cert can have.
var certParts = []string{"subject", "san", "fingerprint"}

// clientCert reads the certificate of a question; nil = none.
func clientCert(v starlark.Value) (*request.Certificate, error) {
	if v == nil || v == starlark.None {
		return nil, nil
	}
	const want = `a dict, such as {"subject": "CN=me", "san": ["DNS:me.example"]}, or None`
	dict, ok := v.(*starlark.Dict)
	if !ok {
		return nil, value.WrongType(want, v, "")
	}
	parts := make(map[string][]string)
	for _, item := range dict.Items() {
		name, err := value.String(item[0])
		if err != nil {
			return nil, err
		}
		if parts[name], err = certTexts(name, item[1]); err != nil {
			return nil, err
		}
	}
	first := func(all []string) string { return append(all, "")[0] }
	c, err := request.NewCertificate(first(parts["subject"]), parts["san"], first(parts["fingerprint"]))
	if err != nil {
		return nil, fmt.Errorf("is no certificate: %w", err)
	}
	return c, nil
}

// certTexts reads a part of a certificate. Only san can be a list.
func certTexts(name string, v starlark.Value) (out []string, err error) {
	switch near := diag.Near(name, certParts); {
	case name == "san":
		if list, notList := value.List(v, "strings"); notList == nil {
			for _, e := range list {
				text, err := value.String(e)
				if err != nil {
					return nil, err
				}
				out = append(out, text)
			}
			return out, nil
		}
	case name == "subject" || name == "fingerprint":
	case near != "":
		return nil, value.Wrong(fmt.Sprintf("did you mean %q?", near), "cannot have %q", name)
	default:
		return nil, value.Wrong("write subject, san or fingerprint", "cannot have %q", name)
	}
	text, err := value.String(v)
	return []string{text}, err
}
