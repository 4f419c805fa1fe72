#include "tensormap.hpp"

#include <cstring>

namespace tatara {
std::string encode(TensorMapData& m, int type, int rank, const void* base, const long* extents, const long* strides,
                   const int* box, int swizzle) {
  static const int BYTES[] = {4, 2, 2, 4};
  if (((uintptr_t)&m & 63) != 0) return "the map's own address is no multiple of 64";
  if (type < 0 || type > 3) return text("element type %d", type);
  if (rank < 1 || rank > 5) return text("rank %d: 1 to 5", rank);
  if (((uintptr_t)base & 15) != 0) return "the tensor's address is no multiple of 16";
  if (swizzle != 0 && swizzle != 32 && swizzle != 64 && swizzle != 128) return text("swizzle %d", swizzle);
  memset(&m, 0, sizeof m);
  m.magic = TENSOR_MAP_MAGIC;
  m.type = (uint8_t)type;
  m.rank = (uint8_t)rank;
  m.swizzle = (uint8_t)swizzle;
  m.element_bytes = (uint8_t)BYTES[type];
  m.base = (uint64_t)base;
  for (int i = 0; i < rank; i++) {
    if (extents[i] < 1 || extents[i] > (1L << 32)) return text("extent %ld of axis %d: 1 to 2^32", extents[i], i);
    if (box[i] < 1 || box[i] > 256) return text("box %d of axis %d: 1 to 256", box[i], i);
    m.extent[i] = (uint64_t)extents[i];
    m.box[i] = (uint16_t)box[i];
    if (i > 0) {
      long s = strides[i - 1];
      if (s % 16 != 0 || s < 1 || s >= 1L << 40) return text("stride %ld of axis %d: a multiple of 16 below 2^40", s, i);
      m.stride[i - 1] = (uint64_t)s;
    }
  }
  int inner = box[0] * BYTES[type];
  if (inner % 16 != 0) return text("the box's inner extent has %d bytes: a multiple of 16", inner);
  if (swizzle != 0 && inner > swizzle) return text("the box's inner extent has %d bytes, and the swizzle %d", inner, swizzle);
  return "";
}
}  // namespace tatara
