/* Accesses of the program's own loads and stores, as the compiler's instrumentation reports them. */
#pragma once
#include "engine.hpp"

namespace tatara {
/* " (file:line)" of the access that failed, where it is known. */
std::string source_line();
/* Where the failing access stands. */
void set_bad_pc(void* pc);
/* " (file:line)" of a return address, empty where not known. */
std::string line_of(void* pc);
}  // namespace tatara
