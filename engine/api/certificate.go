package api

import "time"

// A Certificate describes a certificate of the listeners of a master.
type Certificate struct {
	Listeners   []string  `json:"listeners"` // that have it
	Names       []string  `json:"names"`     // hosts and addresses
	Subject     string    `json:"subject"`
	Issuer      string    `json:"issuer"`
	NotBefore   time.Time `json:"not_before"`
	NotAfter    time.Time `json:"not_after"`
	Serial      string    `json:"serial"`          // in hexadecimal digits
	Fingerprint string    `json:"fingerprint"`     // SHA-256 in hexadecimal digits
	From        string    `json:"from"`            // the path of its file, or "the configuration"
	Read        time.Time `json:"read"`            // when this content was read first
	ClientAuth  string    `json:"client_auth"`     // "none", "request" or "require"
	Error       string    `json:"error,omitempty"` // why the files cannot be used now, so that the content before stays; absent if they can
}
