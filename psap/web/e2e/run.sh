#!/usr/bin/env bash
# Tests the console page: its logic under node, then a real Chromium against the binary given as the
# first argument. Installs what it needs.
set -euo pipefail
bin=$(realpath "${1:-bin/text911}")
cd "$(dirname "$0")"

if [ -z "${CHROMIUM:-}" ]; then
	CHROMIUM=$(command -v chromium || command -v chromium-browser || true)
	if [ -z "$CHROMIUM" ]; then
		apt-get update -qq
		DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core
		CHROMIUM=$(command -v chromium)
	fi
fi
npm ci --no-audit --no-fund --silent

node --test --test-reporter=spec unit/
E2E_BIN=$bin CHROMIUM=$CHROMIUM node --test --test-reporter=spec --test-concurrency=1 browser/
