package metrics

import "testing"

func someRefused() map[string]uint64 { return map[string]uint64{"late": 0, "missing": 7} }

func TestConnections(t *testing.T) {
	compare(t, NewConnections(someRefused), `
# HELP ldcorn_proxy_protocol_refusals_total Connections refused because of the PROXY protocol, by reason.
# TYPE ldcorn_proxy_protocol_refusals_total counter
ldcorn_proxy_protocol_refusals_total{reason="late"} 0
ldcorn_proxy_protocol_refusals_total{reason="missing"} 7
`)
}
