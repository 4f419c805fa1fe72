/* Device memory: allocations of exact lengths, far enough apart that a near miss hits none. */
#include <cstdlib>
#include <cstring>
#include <iterator>

#include "engine.hpp"

namespace tatara {
namespace {
constexpr size_t APART = 512;
std::map<uintptr_t, size_t> allocations;
size_t total = 0;

std::map<uintptr_t, size_t>::iterator below(uintptr_t a) {
  auto it = allocations.upper_bound(a);
  return it == allocations.begin() ? allocations.end() : std::prev(it);
}
bool inside(std::map<uintptr_t, size_t>::iterator it, uintptr_t a) {
  return it != allocations.end() && a - it->first < it->second;
}
}  // namespace

void* allocate(size_t bytes) {
  size_t room = (bytes + 255) / 256 * 256 + APART;
  char* p = (char*)aligned_alloc(256, room);
  if (p == nullptr) return nullptr;
  memset(p, 0xff, room); /* undefined contents read as NaN */
  allocations[(uintptr_t)p] = bytes;
  total += bytes;
  return p;
}

bool release(void* p) {
  auto it = allocations.find((uintptr_t)p);
  if (it == allocations.end()) return false;
  total -= it->second;
  allocations.erase(it);
  free(p);
  return true;
}

bool is_allocation(void* p) { return allocations.count((uintptr_t)p) > 0; }

void* allocation_begin(const void* p) {
  auto it = below((uintptr_t)p);
  return inside(it, (uintptr_t)p) ? (void*)it->first : nullptr;
}

size_t allocation_bytes(const void* p) {
  auto it = below((uintptr_t)p);
  return inside(it, (uintptr_t)p) ? it->second : 0;
}

size_t allocated() { return total; }

std::string complaint(const void* p, size_t bytes) {
  uintptr_t a = (uintptr_t)p;
  auto it = below(a);
  if (inside(it, a) && bytes <= it->second - (a - it->first)) return "";
  if (a == 0) return "null pointer";
  std::string s = text("%zu bytes at 0x%lx", bytes, (unsigned long)a);
  if (it != allocations.end() && a - it->first < it->second + (1 << 24)) {
    s += text(", offset %lu of an allocation of %zu bytes", (unsigned long)(a - it->first), it->second);
  }
  auto next = allocations.upper_bound(a);
  if (next != allocations.end() && next->first - a < 4096) {
    s += text(", %lu bytes before an allocation of %zu bytes", (unsigned long)(next->first - a), next->second);
  }
  return s;
}

void check_global(const void* p, size_t bytes, bool write, const char* what) {
  std::string wrong = complaint(p, bytes);
  if (!wrong.empty()) fail(text("%s %s outside: ", what, write ? "writes" : "reads") + wrong);
}
}  // namespace tatara
