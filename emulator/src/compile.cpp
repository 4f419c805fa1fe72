/* Program text to a shared library: preprocess, find the kernels and their attributes, append a table of them, and
 * compile. Libraries are kept in a cache folder under the hash of all that goes into them. */
#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>

#include "engine.hpp"

extern char** environ;

namespace tatara {
namespace {
const char* VERSION = "2"; /* of what this file makes of a text */

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream s;
  s << in.rdbuf();
  return s.str();
}
void write_file(const std::string& path, const std::string& s) {
  std::ofstream(path, std::ios::binary) << s;
}

std::string hash(const std::string& s) {
  uint64_t a = 0xcbf29ce484222325ull, b = 0x9e3779b97f4a7c15ull;
  for (unsigned char c : s) {
    a = (a ^ c) * 0x100000001b3ull;
    b = (b ^ c) * 0xff51afd7ed558ccdull;
    b ^= b >> 31;
  }
  return text("%016lx%016lx", (unsigned long)a, (unsigned long)b);
}

/* Runs a command with its words going to a file; whether it succeeded. */
bool execute(const std::vector<std::string>& command, const std::string& words) {
  std::vector<char*> argv;
  for (auto& s : command) argv.push_back((char*)s.c_str());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, words.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  std::vector<char*> env; /* libraries preloaded into this process are not the compiler's */
  for (char** e = environ; *e != nullptr; e++) {
    if (strncmp(*e, "LD_PRELOAD=", 11) != 0 && strncmp(*e, "LD_LIBRARY_PATH=", 16) != 0) env.push_back(*e);
  }
  env.push_back(nullptr);
  pid_t pid;
  int rc = posix_spawnp(&pid, argv[0], &actions, nullptr, argv.data(), env.data());
  posix_spawn_file_actions_destroy(&actions);
  if (rc != 0) {
    write_file(words, text("cannot run %s: %s\n", argv[0], strerror(rc)));
    return false;
  }
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool word(char c) { return isalnum((unsigned char)c) || c == '_'; }
/* Behind the bracket that closes the one at i. */
size_t closing(const std::string& s, size_t i) {
  int depth = 0;
  for (; i < s.size(); i++) {
    if (s[i] == '(') depth++;
    if (s[i] == ')' && --depth == 0) return i + 1;
  }
  return s.size();
}

struct Found {
  std::string name, bounds = "0", cluster = "0";
};

void blank(std::string& s, size_t from, size_t to) {
  for (size_t i = from; i < to; i++) {
    if (s[i] != '\n') s[i] = ' ';
  }
}

/* Takes the markers of builtins.hpp out of the text and gives the kernels they stand before. */
std::vector<Found> take_markers(std::string& s) {
  static const std::string GLOBAL = "__tatara_global__", BOUNDS = "__tatara_bounds__", CLUSTER = "__tatara_cluster__";
  std::vector<Found> all;
  size_t at = 0;
  while ((at = s.find(GLOBAL, at)) != std::string::npos) {
    blank(s, at, at + GLOBAL.size());
    at += GLOBAL.size();
    Found f;
    size_t i = at;
    while (i < s.size()) {
      if (s[i] == '#') { /* a line marker */
        i = s.find('\n', i);
        continue;
      }
      if (!word(s[i])) {
        i++;
        continue;
      }
      size_t end = i;
      while (end < s.size() && word(s[end])) end++;
      std::string token = s.substr(i, end - i);
      size_t next = s.find_first_not_of(" \t\r\n", end);
      bool called = next != std::string::npos && s[next] == '(';
      if (called && (token == BOUNDS || token == CLUSTER)) {
        size_t close = closing(s, next);
        (token == BOUNDS ? f.bounds : f.cluster) = s.substr(next + 1, close - next - 2);
        blank(s, i, close);
        i = close;
      } else if (called && token == "__attribute__") {
        i = closing(s, next);
      } else if (called) {
        f.name = token;
        size_t close = closing(s, next);
        size_t body = s.find_first_of("{;", close);
        if (body != std::string::npos && s[body] == '{') all.push_back(f);
        at = close;
        break;
      } else {
        i = end;
      }
    }
  }
  return all;
}

/* `extern __shared__ T name[];` became `extern static __attribute__((section…)) T name[];` */
void dynamic_shared(std::string& s) {
  size_t at = 0;
  while ((at = s.find("extern static __attribute__((section(\"tatara_shared\")", at)) != std::string::npos) {
    size_t attribute = s.find("__attribute__", at);
    size_t type = closing(s, attribute + 13);
    size_t bracket = s.find('[', type);
    size_t end = s.find(';', bracket);
    size_t name_end = bracket;
    while (name_end > type && !word(s[name_end - 1])) name_end--;
    size_t name = name_end;
    while (name > type && word(s[name - 1])) name--;
    std::string t = s.substr(type, name - type), n = s.substr(name, name_end - name);
    size_t aligned;
    while ((aligned = t.find("__attribute__")) != std::string::npos) t.erase(aligned, closing(t, aligned + 13) - aligned);
    s.replace(at, end - at, t + "*const " + n + " = (" + t + "*)tatara_emu_dynamic_shared()");
  }
}

std::string table(const std::vector<Found>& kernels) {
  std::string s =
      "\n# 1 \"table of kernels\"\n"
      "struct tatara_kernel { const char* name; void (*call)(void**); int parameters; const int* sizes; "
      "const int* aligns; int bounds[3]; int cluster[3]; };\n"
      "extern \"C\" __attribute__((visibility(\"default\"))) const int tatara_kernel_count;\n"
      "const int tatara_kernel_count = " +
      std::to_string(kernels.size()) +
      ";\nextern \"C\" __attribute__((visibility(\"default\"))) const tatara_kernel tatara_kernels[];\n"
      "const tatara_kernel tatara_kernels[] = {\n";
  for (auto& k : kernels) {
    std::string sig = "tatara_signature<decltype(" + k.name + ")>";
    s += "{\"" + k.name + "\", " + sig + "::call<" + k.name + ">, " + sig + "::count, " + sig + "::sizes, " + sig +
         "::aligns, {" + k.bounds + "}, {" + k.cluster + "}},\n";
  }
  s += "{}};\n"
       "extern \"C\" { extern char __start_tatara_shared[] __attribute__((weak, visibility(\"hidden\")));\n"
       "extern char __stop_tatara_shared[] __attribute__((weak, visibility(\"hidden\")));\n"
       "extern char* const tatara_shared_section[] __attribute__((visibility(\"default\")));\n"
       "char* const tatara_shared_section[] = {__start_tatara_shared, "
       "__stop_tatara_shared}; }\n";
  return s;
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

std::string compile(const CompileRequest& r, std::string& log) {
  std::vector<std::string> common = {"-std=c++17", "-w", "-fpermissive"};
  std::vector<std::string> make = {"-O1",          "-g1",       "-fPIC",        "-fno-plt", "-fvisibility=hidden",
                                   "-fno-exceptions", "-fno-rtti", "-march=native", "-ffp-contract=off",
                                   "-fno-strict-aliasing", "-fwrapv", "-ftrivial-auto-var-init=pattern"};
  if (r.checked) {
    make.push_back("-fsanitize=thread,bounds,alignment,integer-divide-by-zero,shift-exponent");
    make.push_back("--param=tsan-instrument-func-entry-exit=0");
  }
  std::string key = VERSION;
  for (const char* h : {"builtins", "warp", "grid", "tensor", "hopper"}) {
    key += read_file(r.include + "/tatara/" + h + ".hpp");
  }
  for (auto& s : common) key += s;
  for (auto& s : make) key += s + " ";
  for (auto& s : r.options) key += s + " ";
  key += std::to_string(r.arch) + r.name + "\n" + r.text;
  mkdir(r.cache.c_str(), 0777);
  std::string base = r.cache + "/" + hash(key);
  std::string library = base + ".so";
  if (access(library.c_str(), R_OK) == 0) return library;

  static int count = 0;
  std::string mine = base + "." + std::to_string(getpid()) + "." + std::to_string(count++);
  std::string source = mine + ".cu", pre = mine + ".ii", words = mine + ".log", made = mine + ".so";
  write_file(source, "#line 1 \"" + r.name + "\"\n" + r.text);
  std::vector<std::string> first = {"g++", "-E", "-x", "c++", "-DTATARA_EMULATION=1",
                                    text("-D__CUDA_ARCH__=%d", r.arch * 10), "-I", r.include, "-include",
                                    "tatara/builtins.hpp"};
  first.insert(first.end(), common.begin(), common.end());
  first.insert(first.end(), r.options.begin(), r.options.end());
  first.insert(first.end(), {"-o", pre, source});
  bool good = execute(first, words);
  if (good) {
    std::string s = read_file(pre);
    std::vector<Found> kernels = take_markers(s);
    dynamic_shared(s);
    write_file(pre, s + table(kernels));
    std::vector<std::string> second = {"g++", "-x", "c++-cpp-output", "-shared", "-nostdlib"};
    second.insert(second.end(), common.begin(), common.end());
    second.insert(second.end(), make.begin(), make.end());
    second.insert(second.end(), {"-o", made, pre, "-lm", "-lc", "-lgcc"});
    good = execute(second, words);
  }
  log = read_file(words);
  if (good) rename(made.c_str(), library.c_str());
  bool keep = getenv("TATARA_EMULATION_KEEP") != nullptr;
  for (auto& f : {source, pre, words}) {
    if (!keep) unlink(f.c_str());
  }
  if (!good) unlink(made.c_str());
  return good ? library : "";
}

Module* load(const std::string& path, const std::string& name, std::string& error) {
  /* The programs' undefined names are this library's: it must be seen by those loaded later. */
  static bool global = [] {
    Dl_info me;
    return dladdr((void*)&load, &me) != 0 && dlopen(me.dli_fname, RTLD_NOW | RTLD_NOLOAD | RTLD_GLOBAL) != nullptr;
  }();
  (void)global;
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
