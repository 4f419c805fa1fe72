/* Compiled programs in this process: their kernels, shared arrays and constants. */
#include <dlfcn.h>
#include <elf.h>
#include <link.h>

#include <cstring>
#include <fstream>
#include <sstream>

#include "engine.hpp"

EMU_API int tatara_emu_lane();

namespace tatara {
namespace {
std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream s;
  s << in.rdbuf();
  return s.str();
}

/* Static shared arrays by the kernel whose they are, from the symbol table: _ZZ<length>kernelE… or _ZZ…kernel…E. */
void shared_sizes(Module& m, const std::string& path) {
  std::string file = read_file(path);
  const char* base = file.data();
  const Elf64_Ehdr* h = (const Elf64_Ehdr*)base;
  const Elf64_Shdr* sections = (const Elf64_Shdr*)(base + h->e_shoff);
  const char* names = base + sections[h->e_shstrndx].sh_offset;
  int shared = -1;
  for (int i = 0; i < h->e_shnum; i++) {
    if (strcmp(names + sections[i].sh_name, "tatara_shared") == 0) shared = i;
  }
  size_t others = 0;
  for (int i = 0; i < h->e_shnum && shared >= 0; i++) {
    if (sections[i].sh_type != SHT_SYMTAB) continue;
    const Elf64_Sym* symbols = (const Elf64_Sym*)(base + sections[i].sh_offset);
    const char* strings = base + sections[sections[i].sh_link].sh_offset;
    for (size_t j = 0; j < sections[i].sh_size / sizeof(Elf64_Sym); j++) {
      const Elf64_Sym& s = symbols[j];
      if (s.st_shndx != shared || ELF64_ST_TYPE(s.st_info) != STT_OBJECT) continue;
      std::string name = strings + s.st_name;
      size_t bytes = (s.st_size + 15) / 16 * 16;
      bool known = false;
      for (int k = 0; k < m.count; k++) {
        std::string kernel = m.kernels[k].name;
        std::string mangled = "_ZZ" + std::to_string(kernel.size()) + kernel;
        if (name.compare(0, mangled.size(), mangled) == 0) {
          m.shared_of[kernel] += (int)bytes;
          known = true;
        }
      }
      if (!known) others += bytes; /* of a device function: whoever calls it */
    }
  }
  for (int k = 0; k < m.count; k++) m.shared_of[m.kernels[k].name] += (int)others;
}

int find_constants(struct dl_phdr_info* info, size_t, void* data) {
  Module* m = (Module*)data;
  Dl_info of;
  if (dladdr(m->kernels, &of) == 0 || (uintptr_t)of.dli_fbase != info->dlpi_addr) return 0;
  for (int i = 0; i < info->dlpi_phnum; i++) {
    const auto& p = info->dlpi_phdr[i];
    bool plain = p.p_type == PT_LOAD && (p.p_flags & PF_W) == 0;
    if (plain || p.p_type == PT_GNU_RELRO) m->constants.push_back({info->dlpi_addr + p.p_vaddr, p.p_memsz});
  }
  return 1;
}
}  // namespace

const KernelInfo* Module::find(const std::string& kernel) const {
  for (int i = 0; i < count; i++) {
    if (kernel == kernels[i].name) return &kernels[i];
  }
  return nullptr;
}

Module* load(const std::string& path, const std::string& name, std::string& error) {
  /* The programs' undefined names are this library's: it must be seen by those loaded later, and alone. */
  static bool global = [] {
    Dl_info me;
    return dladdr((void*)&load, &me) != 0 && dlopen(me.dli_fname, RTLD_NOW | RTLD_NOLOAD | RTLD_GLOBAL) != nullptr;
  }();
  if (!global || dlsym(RTLD_DEFAULT, "tatara_emu_lane") != (void*)&tatara_emu_lane) {
    error = "another copy of the CUDA emulation is loaded in this process";
    return nullptr;
  }
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    error = dlerror();
    return nullptr;
  }
  Module* m = new Module();
  m->library = library;
  m->name = name;
  m->kernels = (const KernelInfo*)dlsym(library, "tatara_kernels");
  const int* count = (const int*)dlsym(library, "tatara_kernel_count");
  char* const* section = (char* const*)dlsym(library, "tatara_shared_section");
  if (m->kernels == nullptr || count == nullptr || section == nullptr) {
    error = path + " is no program of the emulation";
    dlclose(library);
    delete m;
    return nullptr;
  }
  m->count = *count;
  m->shared = section[0];
  m->shared_bytes = section[0] == nullptr ? 0 : section[1] - section[0];
  dl_iterate_phdr(find_constants, m);
  shared_sizes(*m, path);
  return m;
}

void unload(Module* m) {
  dlclose(m->library);
  delete m;
}
}  // namespace tatara
