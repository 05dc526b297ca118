# The commands of this repository. `make help` lists them.

GO      ?= go
TIMEOUT ?= 20m
# Parts that must be present (comma-separated): a test that lacks one fails
# instead of being skipped. CI sets this; on a desk it is empty.
export IMPRINT_TEST_REQUIRE ?=

# How often make proof-digest kills the digest worker.
KILLS   ?= 200

.PHONY: help build demo tools test vet race proof proof-digest bench bench-peers fuzz clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

build: ## the program, as ./bin/imprint
	CGO_ENABLED=0 $(GO) build -trimpath -o bin/imprint ./cmd/imprint

demo: ## the demo on 127.0.0.1:8080
	$(GO) run ./cmd/imprint demo

tools: ## install what the tests need, where that is allowed
	@./.ci/tools

test: tools vet race proof ## everything: checks, packages under the race detector, child-process proofs
	@echo 'make test: all parts passed'

vet: ## gofmt, go vet, of the module of the other libraries too
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { echo 'not gofmt-ed:'; gofmt -l $$(git ls-files '*.go'); exit 1; }
	$(GO) vet ./...
	$(GO) vet -tags crashpoints ./handlers/digest
	cd benchmarks/peers && $(GO) vet ./...

race: ## every package but the program's own, with the race detector (needs a C compiler)
	@./.ci/gotest -race $$($(GO) list ./... | grep -v /cmd/)

proof: ## the program's own tests: child processes, kill -9, the browser
	@./.ci/gotest ./cmd/...

# The test binary runs by itself, so that its line of counts is the last one.
proof-digest: ## the digest's proofs, long: KILLS=200 kills, all mistakes; ends with a line of counts
	$(GO) test -c -o bin/proof-digest.test ./cmd/imprint
	cd cmd/imprint && IMPRINT_TEST_KILLS=$(KILLS) ../../bin/proof-digest.test -test.run '^TestDigestProof' -test.v -test.timeout $(TIMEOUT)

bench: ## every figure of docs/performance.md in one run
	$(GO) run ./benchmarks

bench-peers: ## our log and read-model engine beside other libraries, about two minutes
	cd benchmarks/peers && $(GO) run .

fuzz: ## ten seconds of each fuzz test
	@for p in $$($(GO) list ./...); do \
	  for f in $$($(GO) test -list '^Fuzz' $$p 2>/dev/null | grep '^Fuzz'); do \
	    echo "$$p $$f"; $(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime 10s $$p || exit 1; \
	  done; \
	done

clean: ## what the commands above have made
	rm -rf bin
