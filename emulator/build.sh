#!/usr/bin/env bash
# Builds the emulation into a folder (default: target/ beside this file):
#   libtatara_emulation.so   the engine with its C interface
#   libcuda.so.1             the engine with the CUDA driver API      (with --driver)
#   libnvrtc.so.13           NVRTC's interface over g++               (with --driver)
#   include/                 what programs are compiled with
set -euo pipefail
here="$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)"
driver=0
if [ "${1:-}" = --driver ]; then
  driver=1
  shift
fi
out="${1:-$here/target}"
mkdir -p "$out"
export cxx="${CXX:-g++}" here
export flags="-std=c++17 -O3 -march=native -fPIC -Wall -Wextra -fvisibility=hidden -fno-strict-aliasing"
engine=(fiber launch check memory threads tensor copy_engine cluster wgmma tensormap module)
sources=("${engine[@]}" compile api)
if [ $driver = 1 ]; then
  sources=("${engine[@]}" compile api nvrtc driver_device driver_memory driver_stream driver_module driver_refused)
fi
objects="$(mktemp -d "$out/objects.XXXXXX")"
export objects
trap 'rm -rf "$objects"' EXIT
printf '%s\n' "${sources[@]}" |
  xargs -P 2 -I{} sh -c '$cxx $flags -c "$here/src/{}.cpp" -o "$objects/{}.o"'

# link NAME OBJECT…: a library that appears whole or not at all
link() {
  local name="$1"
  shift
  (cd "$objects" && "$cxx" -shared -Wl,-soname,"$name" -o "$name" "${@/%/.o}" -ldl -lpthread && mv "$name" "$out/$name")
}
out="$(cd "$out" && pwd)"
if [ $driver = 1 ]; then
  rm -rf "$out/include"
  cp -r "$here/include" "$out/include"
  link libnvrtc.so.13 nvrtc compile
  link libcuda.so.1 "${engine[@]}" compile api driver_device driver_memory driver_stream driver_module driver_refused
else
  link libtatara_emulation.so "${engine[@]}" compile api
fi
