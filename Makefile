# make rehearse and make test need nothing but Go: they build or install the
# rest themselves (Docker Engine only as root, or through sudo).

GO       ?= go
BUILD    := .build
PROGRAM  := $(BUILD)/openalgo-install
STACK    := $(BUILD)/rehearsal-stack
FUZZTIME ?= 20s

GOLANGCI   := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
GORELEASER := github.com/goreleaser/goreleaser/v2@v2.16.0

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -s -w -X github.com/marketcalls/openalgo-install/internal/cli.version=$(VERSION)

# Static, since the program is also the rehearsal image; and no stamp from git,
# which fails in a checkout that belongs to another user.
export CGO_ENABLED = 0
# HTTP/2 is half a megabyte that nobody here speaks: the engine and the probes do not.
# The same flags for all, so that tests and program compile each package once.
export GOFLAGS := -buildvcs=false -tags=nethttpomithttp2 -trimpath $(GOFLAGS)

.PHONY: build rehearse rehearse-clean tools test e2e engines cluster swarm killloop kills problems lint fuzz bench bench-away bench-clean deploy golden docs snapshot clean

build: ## the program, in .build
	$(GO) build -ldflags '$(LDFLAGS)' -o $(PROGRAM) ./cmd/openalgo-install

rehearse: build ## a running, verified stack with the test app
	scripts/engine.sh $(PROGRAM)
	scripts/as-docker-user.sh $(PROGRAM) --answers - --dir $(STACK) <test/answers/rehearsal.yaml

rehearse-clean: build ## take that stack and its data away again
	scripts/as-docker-user.sh $(PROGRAM) uninstall --dir $(STACK) --yes --now --purge=$(notdir $(STACK))

tools: ## what the tests use beside the engine; test makes it itself
	$(GO) mod download # an engine of its own has no network
	scripts/need.sh tests
	scripts/tools.sh
	scripts/tools.sh --e2e

test: build ## everything, with what it needs installed as root; else it says what it skipped
	scripts/test.sh ./...

e2e: build ## only the tests of the program against the engine
	scripts/test.sh ./test/e2e/...

engines: build tools ## the journey of OpenAlgo on each engine of docs/engines.md, as root on Debian
	test/arm.sh
	OPENALGO_E2E=require test/engines.sh 26.1-full -- scripts/test.sh ./test/e2e/... -count=1 -run '^TestPoolsUsedUp$$'
	OPENALGO_E2E=require test/engines.sh all -- scripts/test.sh ./test/e2e/... -count=1 -run '^TestJourney'

cluster: build ## on a real Kubernetes that scripts/cluster.sh has built; else it says that it skips
	test/cluster.sh

swarm: build ## on a swarm of two nodes, as root
	test/swarm.sh
airgap: build ## an install without a network, as root on Debian: test/airgap.sh
	test/airgap.sh

killloop: build ## kill the program at random moments: RUNS=1000 SEED=1, and Docker too with ENGINE=1
	scripts/tools.sh --e2e
	test/killloop $(if $(ENGINE),--engine) $(or $(RUNS),1000) $(SEED)

kills: build tools ## a kill at every point of every command, where test takes every fifth one; 50 of copies to stores
	OPENALGO_PUT_KILLS=50 $(GO) test ./internal/elsewhere -run '^TestPutKilled$$' -count=1
	OPENALGO_KILLS=all OPENALGO_E2E=require scripts/test.sh ./test/e2e/... -run 'Killed|KillLoop'

problems: build tools ## each problem that the watch tells, made to happen on an engine of its own, as root on Debian
	scripts/tools.sh --e2e
	OPENALGO_E2E=require test/engines.sh $(or $(ENGINE),26.1) -- scripts/test.sh ./test/e2e/... -count=1 -run '^(TestProblem|TestCostOfARound)' -timeout 90m -parallel 3 -problems

lint:
	$(GO) run $(GOLANGCI) run ./...
	GOARCH=arm GOARM=7 $(GO) build ./...

fuzz: ## every fuzz target, for FUZZTIME each
	@grep -rHoE '^func Fuzz[A-Za-z0-9_]+' --include='*_test.go' internal | sed 's/:func / /' | while read -r file target; do \
		$(GO) test "./$$(dirname $$file)" -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) || exit 1; done

bench: build tools ## on an app as heavy as OpenAlgo, beside Docker Compose: ROUNDS=1 RUNS=10 GIB=5
	bench/heavy.sh

bench-away: build ## a copy of a backup to S3 and SFTP, beside rclone: MIB=5120
	bench/away.sh --check

bench-clean: ## the images that bench keeps for its next run
	bench/heavy.sh --clean

deploy: ## what is in deploy, as root on Debian: Ansible, cloud-init, Terraform, systemd
	test/deploy/terraform.sh
	test/deploy/systemd.sh
	test/deploy/cloud-init.sh
	test/deploy/ansible.sh

golden: ## write the golden files again; look at the diff before you commit
	$(GO) test $$(grep -rlE 'flag\.Bool\("update"' --include='*_test.go' internal | xargs -n1 dirname | sort -u | sed 's|^|./|') -update

docs: ## the reference of the command line, the man pages, the names of errors, the brokers
	$(GO) test ./internal/cli -run 'TestReference|TestManPages' -update
	$(GO) test ./internal/finding -run TestErrorsPage -update
	$(GO) test ./internal/broker -run TestPages -update
	$(GO) test ./internal/packed -run TestPacked -update # pages and templates, as the program has them
	$(GO) test ./internal/cli -run TestManPages

snapshot: ## a release, unsigned and unpublished, in dist
	$(GO) run $(GORELEASER) release --snapshot --clean --skip=sign,sbom,publish

clean: ## stacks are left alone: make rehearse-clean
	rm -rf $(BUILD)/tools $(BUILD)/python $(BUILD)/engines $(PROGRAM) dist
