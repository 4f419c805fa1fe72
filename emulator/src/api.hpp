/* What the C interface and the driver shim share. */
#pragma once
#include <algorithm>
#include <mutex>

#include "engine.hpp"

namespace tatara {
std::recursive_mutex& engine_lock();
/* Reads TATARA_EMULATION_SHUFFLE and _SECONDS once. */
void environment_options();
/* Whether TATARA_EMULATION_CHECK leaves accesses checked. */
bool environment_checked();
/* What of a launch no device of this shared memory takes; empty where nothing. */
std::string launch_complaint(const LaunchRequest& r, int shared_limit);
/* From __cluster_dims__, 1 where not given. */
Dim cluster_of(const KernelInfo& k);
}  // namespace tatara
