package metrics

import "testing"

func someRefused() map[string]uint64 { return map[string]uint64{"late": 0, "missing": 7} }

func someOpen() map[string]int { return map[string]int{"127.0.0.1:8000": 3, "unix:/run/a.sock": 0} }

func TestConnections(t *testing.T) {
	compare(t, NewConnections(someOpen, someRefused), `
# HELP ldcorn_client_connections Connections of clients that are open, also those that are idle and those of websockets.
# TYPE ldcorn_client_connections gauge
ldcorn_client_connections{listener="127.0.0.1:8000"} 3
ldcorn_client_connections{listener="unix:/run/a.sock"} 0
# HELP ldcorn_proxy_protocol_refusals_total Connections refused because of the PROXY protocol, by reason.
# TYPE ldcorn_proxy_protocol_refusals_total counter
ldcorn_proxy_protocol_refusals_total{reason="late"} 0
ldcorn_proxy_protocol_refusals_total{reason="missing"} 7
`)
}
