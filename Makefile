# The targets need Go and make; what else they need (Python with Uvicorn, a C
# compiler for the race detector, Node with Pyright) they find or get, and say so.

SHELL = /bin/sh
FUZZTIME ?= 10s
RACE ?= -race
# The scripts in testscripts/ start real workers; on a slow machine that takes.
TESTTIMEOUT ?= 40m
TESTFLAGS ?=
# Of make storm.
RELOADS ?= 200
# For scripts/bench/compare.py: --modes small,few --rounds 9, say.
BENCHFLAGS ?=

.DEFAULT_GOAL := help

.PHONY: help
help: ## show the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile

# Static: nothing of it needs a C library, which would be a megabyte and a half
# of memory, and one more thing that has to fit where it runs.
.PHONY: build
build: ## build bin/ldcorn, with its version and commit
	@mkdir -p bin
	@echo "building bin/ldcorn"
	@CGO_ENABLED=0 go build -trimpath -pgo=cmd/ldcorn/cpu.pgo -ldflags "$$(scripts/version)" -o bin/ldcorn ./cmd/ldcorn

# ldcorn takes python3 from PATH. The wrapper makes that the interpreter that
# was found, which may have another name, without hiding the rest of PATH. It is
# not in bin, which a user may have in PATH.
.PHONY: python
python:
	@mkdir -p .run
	@py=$$(scripts/get-uvicorn) && \
		printf '#!/bin/sh\nexec "%s" "$$@"\n' "$$py" > .run/python3 && chmod +x .run/python3

.PHONY: run
run: build python ## serve examples/quickstart on 127.0.0.1:8000
	@echo 'once it listens, try in another terminal:'
	@sed -n 's/^# try: /  /p' examples/quickstart/ldconfig.star
	@cd examples/quickstart && \
		exec env -u VIRTUAL_ENV PATH="$(CURDIR)/.run:$$PATH" ../../bin/ldcorn -c ldconfig.star

.PHONY: isolation
isolation: build python ## compare examples/isolation with plain uvicorn --workers
	@env -u VIRTUAL_ENV .run/python3 examples/isolation/compare.py --ldcorn bin/ldcorn

.PHONY: test
test: ## run every test, with the race detector (RACE= to do without)
	@[ -z "$(RACE)" ] || scripts/get-cc
	@py=$$(scripts/get-uvicorn) && pyright=$$(scripts/get-pyright) && set -x && \
		LDCORN_TEST_PYTHON="$$py" LDCORN_TEST_PYRIGHT="$$pyright" go test $(RACE) -timeout $(TESTTIMEOUT) $(TESTFLAGS) ./...

# In virtual environments in .uvicorn; .ci/run runs it too.
.PHONY: test-uvicorns
test-uvicorns: ## run the life cycle of workers with each Uvicorn of scripts/uvicorn-versions
	@scripts/test-uvicorns

# A short one is part of test. On a failure it says how to have it again.
CAMPAIGN ?= 5m
SEED ?= 0
.PHONY: campaign
campaign: ## do everything to a master at once, at random, for CAMPAIGN (5m), from a SEED
	@[ -z "$(RACE)" ] || scripts/get-cc
	@py=$$(scripts/get-uvicorn) && set -x && \
		LDCORN_TEST_PYTHON="$$py" go test $(RACE) -timeout 0 -count 1 -v ./cmd/ldcorn/internal/campaign -campaign $(CAMPAIGN) -seed $(SEED)

# make test has a shorter one, of a dozen reloads.
.PHONY: storm
storm: ## RELOADS (200) reloads in a row under load, and as many of which every third is broken
	@[ -z "$(RACE)" ] || scripts/get-cc
	@py=$$(scripts/get-uvicorn) && set -x && \
		LDCORN_STORM=$(RELOADS) LDCORN_TEST_PYTHON="$$py" \
		go test $(RACE) -timeout 2h -count=1 -v -run 'TestScripts/storm_' ./cmd/ldcorn/internal/script

.PHONY: lint
lint: ## gofmt, go vet, staticcheck, go mod tidy, shell syntax
	@scripts/lint

.PHONY: docs
docs: ## write docs/language.md and docs/schema again, from the words of the configuration and the types of the JSON
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

# Not named default.pgo: the tests would be compiled with it too, and all that
# they use once more.
.PHONY: pgo
pgo: ## profile anew what make build optimizes for (cmd/ldcorn/cpu.pgo)
	@scripts/pgo

# Each prints what it measures, and what that is measured against.
.PHONY: skew overload kills hang routes bystander
skew: build python ## how long requests wait when a few take very long, beside HAProxy
	@scripts/get-bench-tools
	@scripts/bench/skew.py --ldcorn bin/ldcorn --python "$(CURDIR)/.run/python3" $(BENCHFLAGS)

overload: build python ## three times too much load: goodput and how soon the rest is refused
	@scripts/bench/overload.py --ldcorn bin/ldcorn --python "$(CURDIR)/.run/python3" $(BENCHFLAGS)

kills: build python ## two minutes of kill -9 on workers under load
	@scripts/bench/kills.py --ldcorn bin/ldcorn --python "$(CURDIR)/.run/python3" $(BENCHFLAGS)

routes: build ## what 50 matcher routes, and a function, cost beside one string route
	@scripts/get-bench-tools
	@scripts/bench/routes.py --ldcorn bin/ldcorn $(BENCHFLAGS)

bystander: build ## what a request waits for beside clients that send all they can, and behind nginx
	@scripts/get-bench-tools
	@scripts/bench/bystander.py --ldcorn bin/ldcorn $(BENCHFLAGS)

hang: build python ## how soon a worker is replaced whose event loop is blocked
	@scripts/bench/hang.py --ldcorn bin/ldcorn --python "$(CURDIR)/.run/python3" $(BENCHFLAGS)

.PHONY: clean
clean: ## remove what the other targets made, .venv and .uvicorn too
	rm -rf bin .run .venv .uvicorn scripts/pyright/node_modules
