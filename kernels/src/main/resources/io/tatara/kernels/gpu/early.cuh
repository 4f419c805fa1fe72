/* Between the launches of a plan (GpuPlan.Launch.early; programmatic dependent launch, compute capability 9.0). Nothing under
 * emulation, where launches come one after the other. */
#if !defined(TATARA_EMULATION) && defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
/* From now on the next launch's blocks may begin, as far as there is room for them beside this one's. */
DEVICE void early_allow() { asm volatile("griddepcontrol.launch_dependents;" ::: "memory"); }
/* Waits until the launch before has ended and what it wrote can be read; at once where this one did not begin early. What
 * launches of this plan wrote is no RESTRICT: loads of what nobody writes meanwhile may be moved before the wait. */
DEVICE void early_wait() { asm volatile("griddepcontrol.wait;" ::: "memory"); }
#else
DEVICE void early_allow() {}
DEVICE void early_wait() {}
#endif
