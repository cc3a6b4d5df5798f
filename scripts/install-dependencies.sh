#!/bin/sh
# Installs the Debian 12 packages that Fovea needs, those that are missing only.
#
#   scripts/install-dependencies.sh          everything: to build, to run and to check
#   scripts/install-dependencies.sh --build  what building and running need
set -eu

build_packages="
build-essential ca-certificates ccache cmake git lld ninja-build pkg-config
fonts-b612 fonts-dejavu-core fonts-noto-cjk fonts-noto-core fonts-symbola
libabsl-dev libbenchmark-dev libboost1.81-dev libbrotli-dev libcairo2-dev libchafa-dev libcli11-dev libcpp-httplib-dev libcurl4-openssl-dev libdeflate-dev libedlib-dev libfmt-dev libfreetype-dev
libfribidi-dev libgd-dev libgif-dev libgmock-dev libgrpc++-dev libgtest-dev libharfbuzz-dev libicu-dev libisal-dev
libjpeg62-turbo-dev libpango1.0-dev libpng-dev libprotobuf-dev libspdlog-dev libsqlite3-dev libssl-dev libtomlplusplus-dev libwebp-dev libzstd-dev nlohmann-json3-dev protobuf-compiler
protobuf-compiler-grpc zlib1g-dev
"
test_packages="
clang clang-format clang-tidy libclang-rt-14-dev libtesseract-dev openssl python3-venv tesseract-ocr-deu
tesseract-ocr-ell tesseract-ocr-eng tesseract-ocr-rus tesseract-ocr-spa tesseract-ocr-vie
"
# For tests/service/sdk. A Node.js from elsewhere will do, and Debian's npm would not install beside it.
if ! command -v npm >/dev/null 2>&1; then test_packages="$test_packages nodejs npm"; fi

case "${1:-}" in
  --build) wanted=$build_packages ;;
  "") wanted="$build_packages $test_packages" ;;
  *)
    echo "usage: $0 [--build]" >&2
    exit 2
    ;;
esac

if ! command -v dpkg-query >/dev/null 2>&1; then
  echo "$0: this is no Debian system; install what the list in this script names in another way" >&2
  exit 1
fi

missing=""
for package in $wanted; do
  status=$(dpkg-query --show --showformat '${db:Status-Status}' "$package" 2>/dev/null || true)
  if [ "$status" != installed ]; then missing="$missing $package"; fi
done
if [ -z "$missing" ]; then
  exit 0
fi

as_root=""
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null 2>&1; then
    echo "$0: run this as root, or install sudo; missing:$missing" >&2
    exit 1
  fi
  as_root="sudo"
fi

echo "installing:$missing"
apt() {
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get -y -q -o DPkg::Lock::Timeout=300 "$@"
}
apt update
# shellcheck disable=SC2086  # a list of names
apt install --no-install-recommends $missing
