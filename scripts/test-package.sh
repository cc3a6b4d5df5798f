#!/bin/bash
# Installs the Debian package into a bare Debian 12 root, and sees that it works there: its command starts and serves, a store
# that an older version made is upgraded, systemd finds nothing wrong with the unit, and removing the package leaves the store
# and nothing else.
#
#   scripts/test-package.sh PACKAGE.deb
#
# Wants root, debootstrap and a Debian mirror (FOVEA_MIRROR). The bare root is kept in FOVEA_ROOT (~/.cache/fovea/root.tar)
# between runs. Exit code 3: no root could be made.
set -euo pipefail
cd "$(dirname "$0")/.."
package=$(realpath "${1:?usage: test-package.sh PACKAGE.deb}")
mirror=${FOVEA_MIRROR:-http://deb.debian.org/debian}
cached=${FOVEA_ROOT:-${XDG_CACHE_HOME:-$HOME/.cache}/fovea/root.tar}
[ "$(id -u)" -eq 0 ] || { echo "$0: wants root" >&2; exit 3; }
command -v debootstrap > /dev/null || { echo "$0: wants debootstrap" >&2; exit 3; }

if [ ! -f "$cached" ]; then
  mkdir -p "$(dirname "$cached")"
  new=$(mktemp -d)
  debootstrap --variant=minbase bookworm "$new" "$mirror" > "$new.log" 2>&1 || { tail -5 "$new.log" >&2; exit 3; }
  tar -C "$new" -cf "$cached.new" . && mv "$cached.new" "$cached"
  rm -rf "$new" "$new.log"
fi
root=$(mktemp -d)
server=""
clean() {
  [ -z "$server" ] || kill "$server" 2>/dev/null || true
  rm -rf "$root"
}
trap clean EXIT
tar -C "$root" -xf "$cached"
chmod 0755 "$root"  # mktemp and debootstrap leave it to root alone
cp /etc/resolv.conf "$root/etc/" 2>/dev/null || true
inside() { chroot "$root" env PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive HOME=/root "$@"; }
fail() { echo "FAILED: $1" >&2; exit 1; }

echo "== installs"
cp "$package" "$root/fovea.deb"
inside apt-get -q -y update > "$root/apt.log"
inside apt-get -q -y --no-install-recommends install /fovea.deb >> "$root/apt.log" 2>&1 ||
  { tail -20 "$root/apt.log"; fail "apt-get install"; }
for file in /usr/bin/fovead /usr/bin/fovea /etc/fovea/fovead.conf /lib/systemd/system/fovead.service \
  /usr/share/man/man1/fovead.1.gz /usr/share/bash-completion/completions/fovea /usr/share/doc/fovea/sbom.cdx.json; do
  [ -e "$root$file" ] || [ -e "$root/usr$file" ] || fail "$file is missing"
done
inside fovead --version
inside fovea --help > "$root/help"
scripts/check-hardening.sh "$root/usr/bin/fovead" "$root/usr/bin/fovea" || [ -n "${FOVEA_DEBUG_PACKAGE:-}" ] ||
  fail "the programs are not hardened"

unit=/lib/systemd/system/fovead.service
command=$(sed -n 's/^ExecStart=//p' "$root$unit")
[ -n "$command" ] || fail "no ExecStart"

# What StateDirectory, RuntimeDirectory and LogsDirectory give the service's user.
inside useradd --system --no-create-home fovea-test
for folder in /var/lib/fovea /run/fovea /var/log/fovea; do
  inside install -d -o fovea-test -m 0750 "$folder"
done
serve() {
  # shellcheck disable=SC2086  # a command with its arguments
  chroot --userspec=fovea-test "$root" $command > "$root/out" 2> "$root/err" &
  server=$!
  for _ in $(seq 600); do
    grep -q listening "$root/out" && return
    kill -0 "$server" 2>/dev/null || { cat "$root/err"; fail "fovead ended"; }
    sleep 0.1
  done
  fail "fovead does not serve"
}
ask() { inside fovea --insecure --server unix:/run/fovea/fovead.sock "$@"; }
stop() {
  kill "$server"
  wait "$server" || fail "fovead ended with $?"
  server=""
}

echo "== its command starts and serves"
serve
echo '{"messages":[{"role":"user","content":"the first words"},{"role":"assistant","content":"and an answer"}]}' > "$root/h.json"
ask import --format openai-chat /h.json > /dev/null || fail "import"
ask sessions > "$root/sessions"
grep -q turns "$root/sessions" || fail "the session is not listed"
ask verify > "$root/verify"
grep -q "2 turns read" "$root/verify" || fail "verify: $(cat "$root/verify")"
stop

echo "== upgrades a store of an older version"
rm -rf "$root/var/lib/fovea"
cp -r tests/memory_store/data/store-v1 "$root/var/lib/fovea"
gunzip "$root"/var/lib/fovea/*.gz
chmod 0700 "$root/var/lib/fovea"
chmod 0600 "$root"/var/lib/fovea/*
chown -R --reference="$root/var/log/fovea" "$root/var/lib/fovea"
# Its sessions are of the tenant "acme".
printf token > "$root/token"
chmod 0600 "$root/token"
printf '{"token_sha256": "%s", "tenant": "acme", "role": "admin"}\n' "$(printf token | sha256sum | cut -d' ' -f1)" > "$root/tokens"
FOVEA_TOKENS=/tokens serve
acme() { ask --token-file /token "$@"; }
acme verify || fail "the upgraded store is not sound"
acme sessions > "$root/sessions"
[ "$(grep -c turns "$root/sessions")" = 2 ] || fail "the upgraded store has other sessions: $(cat "$root/sessions")"
ask sessions > /dev/null 2>&1 && fail "a call without a token is let in"
stop
files=$(find "$root/var/lib/fovea" -perm /077 -type f)
[ -z "$files" ] || fail "files that others can read: $files"

# With the systemd of the root itself: what a unit names is looked for where it would run. It brings no unit of Fovea's, so
# all that the check says is about this one.
echo "== the unit is sound"
inside apt-get -q -y --no-install-recommends install systemd procps >> "$root/apt.log" 2>&1 ||
  { tail -5 "$root/apt.log"; fail "apt-get install systemd"; }
verify() { inside systemd-analyze --man=no verify fovead.service 2>&1 | grep -i fovea || true; }
said=$(verify)
[ -z "$said" ] || fail "systemd-analyze verify: $said"
sed -i.sound 's/^ProtectHome=.*/ProtectHomes=yes/' "$root$unit"
[ -n "$(verify)" ] || fail "systemd-analyze verify does not see a wrong key"
mv "$root$unit.sound" "$root$unit"

echo "== is removed"
files=$(inside dpkg -L fovea)
inside apt-get -q -y purge fovea >> "$root/apt.log" 2>&1 || { tail -5 "$root/apt.log"; fail "apt-get purge"; }
for file in $files; do
  [ -d "$root$file" ] || [ ! -e "$root$file" ] || fail "$file is left"
done
[ ! -e "$root/etc/fovea" ] || fail "/etc/fovea is left"
[ -e "$root/var/lib/fovea/log.db" ] || fail "the store is gone"
echo "the package installs, serves, upgrades and is removed"
