# The targets need Go and make. They find or install everything else that they need
# (Python with Uvicorn, a C compiler for the race detector, Node with Pyright and what
# the extension for VS Code and the dashboard need, Chromium with what drives it, nginx, HAProxy, Caddy,
# Traefik, OpenSSL and promtool, and what builds the site), and say so.

SHELL = /bin/sh
FUZZTIME ?= 10s
RACE ?= -race
# The scripts in testscripts/ start real workers, which takes long on a slow machine.
TESTTIMEOUT ?= 40m
TESTFLAGS ?=
# For make storm.
RELOADS ?= 200
# For scripts/bench/compare.py, for example --modes small,few --rounds 9.
BENCHFLAGS ?=

.DEFAULT_GOAL := help

.PHONY: help
help: ## show the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-17s %s\n", $$1, $$2 }' Makefile

# The binary is static: it does not need a C library, which would cost a megabyte
# and a half of memory and would have to match the target machine.
.PHONY: build
build: ## build bin/ldcorn, with its version and commit
	@mkdir -p bin
	@echo "building bin/ldcorn"
	@CGO_ENABLED=0 go build -trimpath -pgo=cmd/ldcorn/cpu.pgo -ldflags "$$(scripts/version)" -o bin/ldcorn ./cmd/ldcorn

.PHONY: dist
dist: ## make the files of a release in dist, see docs/install.md
	@go run -C scripts/dist . -o dist

# It checks and makes everything, and prints what a person has to upload.
.PHONY: release
release: ## check the version of the tag, and make its files, without uploading anything
	@scripts/release

# GOVULNDB=file:///FOLDER takes the database of vulnerabilities from a folder.
.PHONY: vulncheck
vulncheck: ## run govulncheck, which needs the database of vuln.go.dev
	@scripts/vulncheck

# ldcorn takes python3 from PATH. The wrapper makes python3 run the interpreter that
# was found, which may have another name, without hiding the rest of PATH. It is
# not in bin, because users may have bin in PATH.
.PHONY: python
python:
	@mkdir -p .run
	@py=$$(scripts/get-uvicorn) && \
		printf '#!/bin/sh\nexec "%s" "$$@"\n' "$$py" > .run/python3 && chmod +x .run/python3

.PHONY: run
run: build python ## serve examples/quickstart on 127.0.0.1:8000
	@echo 'once it listens, try in another terminal:'
	@sed -n 's/^# try: /  /p' examples/quickstart/ldconfig.star
	@exec env -u VIRTUAL_ENV PATH="$(CURDIR)/.run:$$PATH" bin/ldcorn -c examples/quickstart/ldconfig.star

.PHONY: isolation
isolation: build python ## compare examples/isolation with plain uvicorn --workers
	@env -u VIRTUAL_ENV .run/python3 examples/isolation/compare.py --ldcorn bin/ldcorn

# The race detector allocates, so tests that count allocations skip with it, and run
# once more without it.
.PHONY: test
test: suite ## run every test with the race detector (RACE= runs them without)
	@[ -z "$(RACE)" ] || { set -x; go test -run 'Allocate|BoundedMemory' ./engine/proxy; }
	@$(MAKE) --no-print-directory test-dist

.PHONY: suite
suite:
	@[ -z "$(RACE)" ] || scripts/get-cc
	@$(MAKE) --no-print-directory site
	@scripts/get-openssl && scripts/get-systemd && scripts/get-proxies && py=$$(scripts/get-uvicorn) && oracle=$$(scripts/get-oracle) && pyright=$$(scripts/get-pyright) && vscode=$$(scripts/get-vscode) && dashboard=$$(scripts/get-dashboard) && browser=$$(scripts/get-chromium) && traefik=$$(scripts/get-traefik) && promtool=$$(scripts/get-promtool) && pyspy=$$(scripts/get-pyspy) && set -x && \
		LDCORN_TEST_PYTHON="$$py" LDCORN_TEST_TRAEFIK="$$traefik" LDCORN_TEST_ORACLE="$$oracle" LDCORN_TEST_PYRIGHT="$$pyright" LDCORN_TEST_VSCODE="$$vscode" LDCORN_TEST_DASHBOARD="$$dashboard" LDCORN_TEST_BROWSER="$$browser" LDCORN_TEST_PROMTOOL="$$promtool" LDCORN_TEST_PYSPY="$$pyspy" go test $(RACE) -timeout $(TESTTIMEOUT) $(TESTFLAGS) ./...

# They make a release for this machine and install it. The module of make dist is one of its own.
.PHONY: test-dist
test-dist: ## run the tests of make dist, which make test runs too
	@scripts/get-systemd && tools=$$(scripts/get-dist-tools) && debian=$$(scripts/get-debian-root) && set -x && \
		LDCORN_TEST_DIST_TOOLS="$$tools" LDCORN_TEST_DEBIAN="$$debian" go test -C scripts/dist -timeout $(TESTTIMEOUT) $(TESTFLAGS) ./...

# The packages whose code for other systems than Linux is not that for Linux, what depends on it
# most, and scripts with all that workers go through.
PORTABLE = ./engine/guard ./engine/netloop ./engine/orphan ./engine/proc ./engine/proxy ./engine/supervisor ./engine/worker \
	./starlark/confine ./starlark/python/capture
PORTABLE_SCRIPTS = start_serve|start_run|start_second_master|reload_code|reload_under_load|reload_websocket|crash_restart|crash_in_flight|crash_orphans|stop_term_under_load|websocket_echo|http_bodies|buffer_files
.PHONY: test-portable
test-portable: ## run the tests of the code that other systems than Linux use, on Linux
	@py=$$(scripts/get-uvicorn) && set -x && export LDCORN_TEST_PYTHON="$$py" && \
		go test -tags portable -timeout $(TESTTIMEOUT) $(TESTFLAGS) $(PORTABLE) && \
		go test -tags portable -timeout $(TESTTIMEOUT) $(TESTFLAGS) -run 'TestScripts/($(PORTABLE_SCRIPTS))$$' ./cmd/ldcorn/internal/script

.PHONY: test-portable-all
test-portable-all: ## run every test with the code that other systems than Linux use, without the race detector
	@$(MAKE) --no-print-directory suite RACE= TESTFLAGS="-tags portable $(TESTFLAGS)"

# It uses virtual environments in .uvicorn. .ci/run also runs it.
.PHONY: test-uvicorns
test-uvicorns: ## run the life cycle of workers with each Uvicorn of scripts/uvicorn-versions
	@scripts/test-uvicorns

# make test runs a short campaign. On a failure, it says how to repeat the campaign.
CAMPAIGN ?= 5m
SEED ?= 0
.PHONY: campaign
campaign: ## do everything to a master at once and at random, for CAMPAIGN (5m), from a SEED
	@[ -z "$(RACE)" ] || scripts/get-cc
	@py=$$(scripts/get-uvicorn) && set -x && \
		LDCORN_TEST_PYTHON="$$py" go test $(RACE) -timeout 0 -count 1 -v ./cmd/ldcorn/internal/campaign -campaign $(CAMPAIGN) -seed $(SEED)

# make test runs shorter ones.
.PHONY: storm
storm: ## do RELOADS (200) reloads in a row under load, as many with every third one broken, and as many over TLS
	@[ -z "$(RACE)" ] || scripts/get-cc
	@py=$$(scripts/get-uvicorn) && set -x && \
		LDCORN_STORM=$(RELOADS) LDCORN_TEST_PYTHON="$$py" \
		go test $(RACE) -timeout 2h -count=1 -v -run 'TestScripts/storm_' ./cmd/ldcorn/internal/script

.PHONY: lint
lint: ## gofmt, go vet, staticcheck, go mod tidy, shell syntax, spelling
	@scripts/lint

# It compiles everything, the tests, too. Only the code with the tag portable also runs on Linux.
.PHONY: vet-darwin
vet-darwin: ## go vet for macOS, on Apple silicon and Intel
	@set -x && GOOS=darwin GOARCH=arm64 go vet ./... && GOOS=darwin GOARCH=amd64 go vet ./...

# npm run package in examples/vscode also makes the file that VS Code installs.
.PHONY: vscode
vscode: ## check the types of the extension in examples/vscode, and bundle it
	@cd "$$(scripts/get-vscode)" && npm run --silent check && npm run --silent build

.PHONY: dashboard
dashboard: ## build engine/dashboard/dist, which the program embeds, from engine/dashboard/web
	@cd "$$(scripts/get-dashboard)" && npm run --silent check && npm run --silent build

.PHONY: screenshots
screenshots: site ## make the pictures in docs/images anew
	@py=$$(scripts/get-uvicorn) && browser=$$(scripts/get-chromium) && UPDATE_SCREENSHOTS=1 LDCORN_TEST_PYTHON="$$py" LDCORN_TEST_BROWSER="$$browser" \
		go test -count=1 -run 'TestScripts/browser_(dashboard|incidents|site)' ./cmd/ldcorn/internal/script

# README.md is its first page. The site is in .site/html; see docs/developing.md.
.PHONY: site site-serve
site: ## build the site from the pages of docs, and check its links
	@py=$$(scripts/get-docs-tools) && export PYTHONDONTWRITEBYTECODE=1 && "$$py" -m unittest discover -q -s scripts/site && "$$py" scripts/site/build.py

site-serve: site ## serve the site on 127.0.0.1:8080
	@"$$(scripts/get-docs-tools --find)" -m http.server --bind 127.0.0.1 --directory .site/html 8080

.PHONY: docs
docs: ## write docs/language.md and docs/schema from the words of the language and the types of the JSON
	@UPDATE_SCHEMAS=1 go test -count=1 -run TestSchemas ./engine/api
	@go run ./cmd/ldcorn schema --markdown > docs/language.md.new && mv docs/language.md.new docs/language.md || \
		{ rm -f docs/language.md.new; exit 1; }

.PHONY: fuzz
fuzz: ## run each fuzz target for FUZZTIME (10s)
	@scripts/fuzz $(FUZZTIME)

.PHONY: bench
bench: build python ## compare with nginx, HAProxy and Caddy, then run the Go benchmarks
	@scripts/get-bench-tools
	@scripts/bench/compare.py --ldcorn bin/ldcorn --python "$(CURDIR)/.run/python3" $(BENCHFLAGS)
	go test -run '^$$' -bench . -benchmem ./...

# The profile is not named default.pgo, because then the tests and all packages
# that they use would be compiled again with it.
.PHONY: pgo
pgo: ## record the profile that make build uses (cmd/ldcorn/cpu.pgo)
	@scripts/pgo

# Each target prints its measurements and the baseline.
.PHONY: skew overload slow tenants upload polling kills hang routes bystander watch http2 bench-static accesslog instructions
.PHONY: compare compare-original
compare: build ## compare ldcorn with Uvicorn, Gunicorn, Granian, Hypercorn and nginx: isolation, reloads, crashes, overload
	@scripts/get-bench-tools
	@py=$$(scripts/get-peers) && "$$py" scripts/bench/comparison.py --ldcorn bin/ldcorn $(BENCHFLAGS)

# It needs the ports 8000 and 27017, which the examples name.
compare-original: build ## run the benchmark of the Python ldcorn under it, under Uvicorn and under ldcorn
	@py=$$(scripts/get-peers original) && "$$py" scripts/bench/original.py --ldcorn bin/ldcorn $(BENCHFLAGS)

skew: build python ## measure how long requests wait when a few take very long, compared with HAProxy
	@scripts/get-bench-tools
	@scripts/bench/skew.py --ldcorn bin/ldcorn --python "$(CURDIR)/.run/python3" $(BENCHFLAGS)

overload: build python ## measure goodput and refusals at three times too much load, compared with HAProxy
	@scripts/get-bench-tools
	@scripts/bench/overload.py --ldcorn bin/ldcorn --python "$(CURDIR)/.run/python3" $(BENCHFLAGS)

slow: build python ## measure the effect of slow uploads and downloads on the others, compared with nginx and HAProxy
	@scripts/get-bench-tools
	@scripts/bench/slow.py --ldcorn bin/ldcorn --python "$(CURDIR)/.run/python3" $(BENCHFLAGS)

tenants: build python ## measure how long a small tenant waits beside a large one, compared with HAProxy
	@scripts/get-bench-tools
	@scripts/bench/tenants.py --ldcorn bin/ldcorn --python "$(CURDIR)/.run/python3" $(BENCHFLAGS)

watch: build python ## measure how soon a saved file is served under --watch, compared with uvicorn --reload
	@scripts/bench/watch.py --ldcorn bin/ldcorn --python "$(CURDIR)/.run/python3" $(BENCHFLAGS)

upload: build python ## measure memory during a large upload and the delay of streams, compared with nginx
	@scripts/get-bench-tools
	@scripts/bench/upload.py --ldcorn bin/ldcorn --python "$(CURDIR)/.run/python3" $(BENCHFLAGS)

polling: build ## count the Socket.IO sessions that stay with their worker, compared with HAProxy
	@scripts/get-bench-tools
	@py=$$(scripts/get-socketio) && "$$py" scripts/bench/polling.py --ldcorn bin/ldcorn $(BENCHFLAGS)

kills: build python ## kill -9 workers under load for two minutes
	@scripts/bench/kills.py --ldcorn bin/ldcorn --python "$(CURDIR)/.run/python3" $(BENCHFLAGS)

routes: build ## measure what 50 matcher routes and a function cost, compared with one string route
	@scripts/get-bench-tools
	@scripts/bench/routes.py --ldcorn bin/ldcorn $(BENCHFLAGS)

http2: build ## measure the cost of a request over HTTP/2 and TLS, compared with nginx and HAProxy
	@scripts/get-bench-tools
	@scripts/bench/http2.py --ldcorn bin/ldcorn $(BENCHFLAGS)

bystander: build ## measure the effect of clients that send as much as they can, compared with nginx
	@scripts/get-bench-tools
	@scripts/bench/bystander.py --ldcorn bin/ldcorn $(BENCHFLAGS)

bench-static: build ## compare the files that ldcorn serves with those of nginx
	@scripts/get-bench-tools
	@scripts/bench/static.py --ldcorn bin/ldcorn $(BENCHFLAGS)

accesslog: build ## prove what the access log loses, and measure what it costs
	@scripts/get-bench-tools
	@scripts/bench/accesslog.py --ldcorn bin/ldcorn $(BENCHFLAGS)

instructions: ## count what an open dashboard costs, in instructions
	@scripts/get-bench-tools
	@command -v valgrind >/dev/null || scripts/install-packages valgrind valgrind valgrind
	@scripts/bench/instructions.py $(BENCHFLAGS)

hang: build python ## measure how soon a worker with a blocked event loop is replaced
	@scripts/bench/hang.py --ldcorn bin/ldcorn --python "$(CURDIR)/.run/python3" $(BENCHFLAGS)

.PHONY: clean
clean: ## remove what the other targets made, with .venv, .uvicorn, .oracle, .socketio, .peers, .traefik, .promtool, .dist-tools, .docs-tools and .debian
	rm -rf bin dist .run .site .venv .uvicorn .oracle .socketio .peers .traefik .promtool .dist-tools .docs-tools .debian scripts/pyright/node_modules scripts/browser/node_modules engine/dashboard/web/node_modules examples/vscode/node_modules examples/vscode/dist
