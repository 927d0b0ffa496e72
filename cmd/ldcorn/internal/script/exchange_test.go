//go:build linux

package script

import (
	"context"
	"crypto/tls"
	"fmt"
	"regexp"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/harness"
)

// exchange reloads repeatedly, as often as a storm, under load over TLS:
//
//	exchange
//
// Each reload exchanges the certificate, the workers, and a listener, which gives way
// to another one. Clients speak HTTP/1.1, HTTP/2 and websockets, with the listener
// that stays and with those that go. The former must lose nothing. The latter can only
// be refused a new connection, or a request on an idle connection of HTTP/1.1. New
// connections must get the new certificate.
//
// exchange needs a master that runs with ldconfig.star, which can have any one
// listener that is at port 0. It writes that file and pair.pem.
func cmdExchange(ts *testscript.TestScript, neg bool, args []string) {
	noNeg(ts, neg, "exchange")
	srv := named(ts, "")
	stays := "https:" + srv.addr
	for i := range stormReloads(ts) {
		host := fmt.Sprintf("127.0.1.%d", i%200+1)
		replace(ts, "ldconfig.star", fmt.Appendf(nil, exchangeConfig, host))
		cmdReload(ts, false, []string{"-cert=pair.pem"})
		if i == 0 {
			begin(ts, "stays", stays)
		} else {
			cmdLoad(ts, false, []string{"stop", "goes", "-refused"})
		}
		goes := "https:" + lastListener(ts, srv, host)
		for _, addr := range []string{stays, goes} {
			checkCert(ts, addr, "pair.pem")
		}
		begin(ts, "goes", goes)
	}
	for _, name := range []string{"goes", "stays"} {
		cmdLoad(ts, false, []string{"wait", name, "3"})
		cmdLoad(ts, false, []string{"stop", name})
	}
}

// exchangeConfig is a configuration with %s for the host of the listener that goes.
const exchangeConfig = `
pair = tls("pair.pem")
config = LdConfig(
    bind = [listen("127.0.0.1:0", tls = pair), listen("%s:0", tls = pair)],
    workers = [WorkerGroup("web", "app:app", instances=2)],
)
`

// lastListener returns the address of the newest listener on a host.
func lastListener(ts *testscript.TestScript, srv *server, host string) string {
	all := regexp.MustCompile(`msg=listening addr=(`+regexp.QuoteMeta(host)+`:\d+)`).FindAllSubmatch(srv.log.All(), -1)
	if all == nil {
		ts.Fatalf("nothing listens on %s", host)
	}
	return string(all[len(all)-1][1])
}

// begin starts a load with every protocol, and waits until it has answers.
func begin(ts *testscript.TestScript, name, addr string) {
	cmdLoad(ts, false, []string{"start", name, "-clients=3", "-to=" + addr,
		"GET /who", "NEW /who", "POST /echo 20000", "WS /ws", "H2 /who", "H2 /echo 200000"})
	cmdLoad(ts, false, []string{"wait", name, "2"})
}

// checkCert checks that a new connection gets the certificate in a file.
func checkCert(ts *testscript.TestScript, addr, file string) {
	path := ts.MkAbs(file)
	want, err := tls.LoadX509KeyPair(path, path)
	ts.Check(err)
	ctx, cancel := context.WithTimeout(context.Background(), harness.Patience)
	defer cancel()
	conn, err := harness.Dial(ctx, addr)
	ts.Check(err)
	defer conn.Close()
	if got := conn.(*tls.Conn).ConnectionState().PeerCertificates[0]; !got.Equal(want.Leaf) {
		ts.Fatalf("%s has certificate %x, want %x", addr, got.SerialNumber, want.Leaf.SerialNumber)
	}
}
