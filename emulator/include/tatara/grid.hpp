/* grid.cuh's primitives under emulation: blocks run in one thread, so plain memory is enough; reading lets others
 * run, since somebody waits. */
extern "C" int tatara_emu_semaphore_read(const int* s);
extern "C" void tatara_emu_semaphore_write(int* s, int x);
static inline int semaphore_add(int* s, int n) { return tatara_emu_atomic_add_int(s, n); }
static inline int semaphore_read(const int* s) { return tatara_emu_semaphore_read(s); }
static inline void semaphore_write(int* s, int x) { tatara_emu_semaphore_write(s, x); }
static inline void spin_pause() { tatara_emu_pause(); }
