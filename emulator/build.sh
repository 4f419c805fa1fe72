#!/usr/bin/env bash
# Builds the emulation into a folder (default: target/ beside this file):
#   libtatara_emulation.so   the engine with its C interface
set -euo pipefail
here="$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)"
out="${1:-$here/target}"
mkdir -p "$out"
cxx="${CXX:-g++}"
flags=(-std=c++17 -O2 -march=native -fPIC -Wall -Wextra -fvisibility=hidden -fno-strict-aliasing)
engine=(fiber launch check memory threads tensor hopper tensormap compile api)
objects="$out/objects.$$"
mkdir -p "$objects"
trap 'rm -rf "$objects"' EXIT
export here objects cxx
printf '%s\n' "${engine[@]}" |
  xargs -P 2 -I{} "$cxx" "${flags[@]}" -c "$here/src/{}.cpp" -o "$objects/{}.o"
cd "$objects"
"$cxx" -shared -o "$out/libtatara_emulation.so.$$" "${engine[@]/%/.o}" -ldl -lpthread
mv "$out/libtatara_emulation.so.$$" "$out/libtatara_emulation.so"
