#!/usr/bin/env bash
# Installs SIPp and Kamailio where they are missing and runs the interop tests.
set -eu
cd "$(dirname "$0")"
need=()
command -v sipp >/dev/null || need+=(sip-tester)
command -v kamailio >/dev/null || need+=(kamailio)
[ -e /usr/lib/x86_64-linux-gnu/kamailio/modules/tls.so ] || [ -e /usr/lib/aarch64-linux-gnu/kamailio/modules/tls.so ] || need+=(kamailio-tls-modules)
if [ "${#need[@]}" -gt 0 ]; then
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${need[@]}"
fi
sipp -v 2>&1 | grep -m1 SIPp || true
kamailio -v | head -1
exec "${GO:-go}" test -count=1 -v -timeout 12m -tags interop .
