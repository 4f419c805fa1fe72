/* The emulation's own encoding of a tensor map in its 128 bytes. */
#pragma once
#include "engine.hpp"

namespace tatara {
struct alignas(64) TensorMapData {
  uint32_t magic;
  uint8_t type, rank, swizzle, element_bytes;
  uint64_t base;
  uint64_t extent[5];
  uint64_t stride[4]; /* bytes, of axes 1 … */
  uint16_t box[5];
  uint16_t promised;
};
static_assert(sizeof(TensorMapData) == 128, "a CUtensorMap has 128 bytes");
constexpr uint32_t TENSOR_MAP_MAGIC = 0x54415441;

/* Encodes, or says what cuTensorMapEncodeTiled would refuse. */
std::string encode(TensorMapData& m, int type, int rank, const void* base, const long* extents, const long* strides,
                   const int* box, int swizzle);
}  // namespace tatara
