#!/usr/bin/env bash
# Builds the emulation into a folder (default: target/ beside this file):
#   libcuda.so.1      the engine, its own C interface (tatara_emu_…) and the CUDA driver API
#   libnvrtc.so.13    NVRTC's interface over g++
#   include/          what programs are compiled with
# CXX chooses the compiler.
set -euo pipefail
here="$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)"
[ "${1:-}" != --driver ] || shift # was an option once
mkdir -p "${1:-$here/target}"
out="$(cd "${1:-$here/target}" && pwd)"
export cxx="${CXX:-g++}" here
export flags="-std=c++17 -O2 -ftree-vectorize -march=native -fPIC -Wall -Wextra -fvisibility=hidden -fno-strict-aliasing"
engine=(wgmma copy_engine launch module compile fiber check races memory threads tensor cluster tensormap api)
driver=(driver_module driver_stream driver_memory driver_device driver_refused)
objects="$(mktemp -d "$out/objects.XXXXXX")"
export objects
trap 'rm -rf "$objects"' EXIT
printf '%s\n' "${engine[@]}" "${driver[@]}" nvrtc |
  xargs -P 2 -I{} sh -c '$cxx $flags -c "$here/src/{}.cpp" -o "$objects/{}.o"'

# link NAME OBJECT…: a library that appears whole or not at all
link() {
  local name="$1"
  shift
  (cd "$objects" && "$cxx" -shared -Wl,-soname,"$name" -o "$name" "${@/%/.o}" -ldl -lpthread && mv "$name" "$out/$name")
}
rm -rf "$out/include"
cp -r "$here/include" "$out/include"
link libnvrtc.so.13 nvrtc compile
link libcuda.so.1 "${engine[@]}" "${driver[@]}"
