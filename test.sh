#!/usr/bin/env bash
# Everything the tests need, then all the tests. Works from any folder; the last line says how many passed and failed.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")"
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
results=artifacts/test-results

passed=0 failed=0 skipped=0
finish() {
  trap - EXIT
  local running
  running=$(jobs -p)
  [ -z "$running" ] || kill $running 2>/dev/null || true
  local line="$passed passed, $failed failed"
  [ "$skipped" -eq 0 ] || line="$line, $skipped skipped"
  echo "$line"
  [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
}
# Whatever stops this script early is a failure too, and is told in the same last line.
trap 'failed=$((failed + 1)); finish' EXIT
trap 'exit 130' INT TERM

fail() { echo "test.sh: $*" >&2; exit 1; }

need_dotnet() {
  command -v dotnet >/dev/null || fail "the .NET 10 SDK is not installed: see https://dot.net/download"
  local version
  version=$(dotnet --version 2>/dev/null) || fail "no .NET SDK that fits global.json is installed; needed is .NET 10: see https://dot.net/download"
  [ "${version%%.*}" -ge 10 ] || fail "needed is the .NET 10 SDK; 'dotnet --version' says $version"
}

have_postgres() {
  [ -n "${BILLAPIS_TEST_POSTGRES:-}" ] || { command -v initdb && command -v pg_ctl; } || compgen -G '/usr/lib/postgresql/*/bin/initdb'
} >/dev/null

have_browser() {
  { [ -n "${BILLAPIS_TEST_CHROMIUM:-}" ] || command -v chromium || command -v chromium-browser || command -v google-chrome; } && have_font Lohit-Devanagari.ttf && have_font ipaexg.ttf
} >/dev/null

have_font() { find /usr/share/fonts /usr/local/share/fonts -name "$1" 2>/dev/null | grep -q .; }

install() { # what for, what to do without apt-get, packages
  local what=$1 else=$2 sudo=
  shift 2
  command -v apt-get >/dev/null || fail "$what is not installed: $else"
  if [ "$(id -u)" -ne 0 ]; then
    sudo=sudo
    command -v sudo >/dev/null || fail "$what is not installed, and without root or sudo it cannot be: run 'apt-get install $*' as root, or $else"
  fi
  echo "Installing $what"
  { $sudo apt-get update -qq && $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@"; } >/dev/null || fail "apt-get could not install $*"
}

# The tests start and stop a server of their own (tests/Shared/PostgresServer.cs); here it is only installed.
need_postgres() {
  if have_postgres; then return; fi
  # Only the programs are wanted: keep Debian from making and starting a server of the machine's own.
  local quiet=/etc/postgresql-common/createcluster.d/billapis-tests.conf sudo=
  [ "$(id -u)" -eq 0 ] || sudo=sudo
  if command -v apt-get >/dev/null && { [ -z "$sudo" ] || command -v sudo >/dev/null; }; then
    $sudo mkdir -p "$(dirname "$quiet")"
    echo 'create_main_cluster = false' | $sudo tee "$quiet" >/dev/null
  fi
  install PostgreSQL "install it so that initdb and pg_ctl are on the PATH, or name a server in BILLAPIS_TEST_POSTGRES" postgresql
  $sudo rm -f "$quiet"
  have_postgres || fail "the package postgresql is installed, but there is no initdb in /usr/lib/postgresql"
}

# Documents are looked at in a browser, with fonts for letters that Latin ones lack.
need_browser() {
  if have_browser; then return; fi
  install "Chromium and fonts" "install it so that chromium is on the PATH or named in BILLAPIS_TEST_CHROMIUM, and the fonts Lohit Devanagari and IPAex Gothic" chromium fonts-lohit-deva fonts-ipaexfont-gothic fonts-dejavu-core
  have_browser || fail "the packages are installed, but chromium or the fonts are not where they should be"
}

build() {
  echo "Building"
  local log=$results/build.log
  dotnet build BillApis.Core.sln -nologo -v q --disable-build-servers >"$log" 2>&1 || { cat "$log"; fail "the build failed"; }
  # What a registry says of its packages (advisories NU1901-NU1904, a version it lacks NU1603) may change any day and is not ours.
  if grep -E 'warning' "$log" | grep -vE 'NU190[1-4]|NU1603|^ *[0-9]+ Warning' | sort -u | grep .; then fail "the build has warnings"; fi
}

run() { # project
  timeout 840 dotnet test "tests/$1" --no-build --results-directory "$results" --logger "trx;LogFileName=$1.trx" >"$results/$1.log" 2>&1
}

counter() { sed -n "s/.*<Counters [^>]*\b$2=\"\([0-9]*\)\".*/\1/p" "$1"; }

report() { # project, exit code
  local trx=$results/$1.trx total=0 executed=0 ok=0
  if [ -s "$trx" ]; then
    total=$(counter "$trx" total) executed=$(counter "$trx" executed) ok=$(counter "$trx" passed)
  fi
  local bad=$((executed - ok)) left=$((total - executed))
  if [ "$bad" -eq 0 ] && { [ "$2" -ne 0 ] || [ "$executed" -eq 0 ]; }; then
    echo "$1 ended with code $2 after $executed tests"
    bad=1
  fi
  if [ "$left" -gt 0 ]; then
    grep 'outcome="NotExecuted"' "$trx" | sed 's/.*testName="\([^"]*\)".*/  skipped: \1/'
    if [ "${CI:-}" = true ]; then bad=$((bad + left)) left=0; fi
  fi
  echo "$1: $ok passed, $bad failed, $left skipped"
  # Of a stack, only the lines of this project are worth reading.
  [ "$bad" -eq 0 ] || grep -vE '^ *Passed |^\[xUnit|^ *at [^/]*$' "$results/$1.log" || true
  passed=$((passed + ok)) failed=$((failed + bad)) skipped=$((skipped + left))
}

# A class of tests that nothing ran is a hole that no count would show.
every_class_ran() {
  local class
  while read -r class; do
    grep -qE "className=\"[^\"]*\.$class\"" "$results"/*.trx && continue
    echo "$class has run no test"
    failed=$((failed + 1))
  done < <(grep -rhoE --include=*.cs '^public sealed (partial )?class \w+Tests\b' tests | sed 's/.* //' | sort -u)
}

need_dotnet
need_postgres
need_browser
rm -rf "$results"
mkdir -p "$results"
build

echo "Testing"
declare -A names=()
next() { # waits for one of the two and reports it
  local pid code=0
  wait -n -p pid || code=$?
  report "${names[$pid]}" "$code"
  unset "names[$pid]"
}
# The slowest first, so that two run at once until the end.
for project in BillApis.Storage.Tests BillApis.Host.Tests $(ls tests | grep -E '\.(Tests|Scenarios)$' | grep -vE '\.(Storage|Host)\.Tests$'); do
  [ ${#names[@]} -lt 2 ] || next
  run "$project" &
  names[$!]=$project
done
while [ ${#names[@]} -gt 0 ]; do next; done
every_class_ran
finish
