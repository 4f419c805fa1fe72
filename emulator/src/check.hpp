/* Accesses of the program's own loads and stores, as the compiler's instrumentation reports them. */
#pragma once
#include "engine.hpp"

namespace tatara {
/* " (file:line)" of the access that failed, where it is known. */
std::string source_line();
}  // namespace tatara
