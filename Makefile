# Every target works on a fresh machine: what a target needs beyond Go, it installs itself.
GO      ?= go
BIN     := bin/text911
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)

.PHONY: run build test lint interop e2e chaos bench fuzz clean

run: build
	$(BIN) demo

build:
	$(GO) build -trimpath -ldflags "-X main.version=$(VERSION)" -o $(BIN) ./cmd/text911

test: lint
	$(GO) test -race -timeout 5m ./...

lint:
	@out=$$(gofmt -l $$(git ls-files '*.go')); test -z "$$out" || { echo "gofmt would change:"; echo "$$out"; exit 1; }
	$(GO) vet ./...

interop: build
	deploy/interop/run.sh $(BIN)

e2e: build
	psap/web/e2e/run.sh $(BIN)

chaos: build
	$(GO) test -count=1 -timeout 20m -run 'TestChaos' ./cmd/text911 -chaos

bench: build
	$(BIN) bench

clean:
	rm -rf bin
