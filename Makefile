# Every target works on a fresh machine: what a target needs beyond Go, it installs itself.
GO          ?= go
BIN         := bin/text911
VERSION     := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2

.PHONY: run build test lint staticcheck demo-script interop e2e chaos bench fuzz clean

# Everything on loopback with simulated texters; prints the console's address.
run: build
	$(BIN) demo

build:
	$(GO) build -trimpath -ldflags "-X main.version=$(VERSION)" -o $(BIN) ./cmd/text911

# All that Go alone can test.
test: lint
	$(GO) test -race -timeout 5m ./...

lint:
	@out=$$(gofmt -l $$(git ls-files '*.go')); test -z "$$out" || { echo "gofmt would change:"; echo "$$out"; exit 1; }
	$(GO) vet ./...

staticcheck:
	$(GO) run $(STATICCHECK) ./...

# 50 and more scripted calls against an automatic call taker; exit 0 only if nothing was lost,
# duplicated or misordered.
demo-script: build
	$(BIN) demo --script --json

# Foreign peers: SIPp and Kamailio.
interop: build
	cmd/text911/interop/run.sh

# The console page in a real browser.
e2e: build
	psap/web/e2e/run.sh $(BIN)

# kill -9 under load, at least 20 times.
chaos:
	$(GO) test -count=1 -timeout 15m -tags chaos ./cmd/text911/chaos

# Figures of this machine, beside a raw loopback echo in the same run.
bench: build
	$(BIN) bench

# Every fuzz target for FUZZTIME each.
FUZZTIME ?= 30s
fuzz:
	@for pkg in $$($(GO) list ./...); do \
		for f in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz'); do \
			echo "$$pkg $$f"; $(GO) test -run '^$$' -fuzz "^$$f\$$" -fuzztime $(FUZZTIME) $$pkg || exit 1; \
		done; \
	done

clean:
	rm -rf bin
