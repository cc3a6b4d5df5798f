#!/bin/sh
# Generates the message classes of both clients from proto/fovea/v1, and Python's synchronous client from the asynchronous
# one. They are not in the repository; the wheel and the npm package hold them.
#
#   clients/generate.sh python                  needs protoc (Debian's, or another from 3.20 to 25)
#   clients/generate.sh typescript PLUGIN       and ts-proto's protoc-gen-ts_proto
#
# What a newer protoc writes for Python refuses to run with the older protobuf packages that frameworks pin.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
proto=$here/../proto
language=${1:?usage: generate.sh python | typescript PLUGIN}

version=$(protoc --version | sed 's/^libprotoc //')
major=${version%%.*}
case $version in
  3.2[0-9]* | 2[12345].*) ;;
  *)
    echo "$0: protoc is $version (major $major); 3.20 to 25 will do" >&2
    exit 1
    ;;
esac

case $language in
  python)
    out=$here/python/src
    rm -f "$out"/fovea/v1/*_pb2.py "$out"/fovea/v1/*_pb2.pyi
    protoc -I "$proto" --python_out="$out" --pyi_out="$out" "$proto"/fovea/v1/*.proto
    python3 "$here/python/unasync.py"
    ;;
  typescript)
    plugin=${2:?usage: generate.sh typescript PLUGIN}
    out=$here/typescript/src/generated
    rm -rf "$out"
    mkdir -p "$out"
    protoc -I "$proto" --plugin=protoc-gen-ts_proto="$plugin" --ts_proto_out="$out" \
      --ts_proto_opt=esModuleInterop=true,importSuffix=.js,env=node,forceLong=number,oneof=unions-value \
      --ts_proto_opt=outputServices=grpc-js,useExactTypes=false,removeEnumPrefix=false,stringEnums=false \
      --ts_proto_opt=outputJsonMethods=false,outputClientImpl=false,useOptionals=none,snakeToCamel=true \
      "$proto"/fovea/v1/*.proto
    ;;
  *)
    echo "$0: no language $language" >&2
    exit 2
    ;;
esac
