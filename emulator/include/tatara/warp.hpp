/* warp.cuh's primitives under emulation: the 32 lanes meet in the engine. */
static inline int lane_id() { return tatara_emu_lane(); }
static inline void warp_barrier() { tatara_emu_syncwarp(0xffffffffu); }
static inline float shuffle_xor(float x, int mask) { return __shfl_xor_sync(0xffffffffu, x, mask); }
static inline int shuffle_xor(int x, int mask) { return __shfl_xor_sync(0xffffffffu, x, mask); }
static inline uint shuffle_xor(uint x, int mask) { return __shfl_xor_sync(0xffffffffu, x, mask); }
static inline float shuffle(float x, int from) { return __shfl_sync(0xffffffffu, x, from); }
static inline int shuffle(int x, int from) { return __shfl_sync(0xffffffffu, x, from); }
static inline uint shuffle(uint x, int from) { return __shfl_sync(0xffffffffu, x, from); }
static inline void named_barrier(int id, int threads) { tatara_emu_barrier(id, threads, 1); }
static inline void named_barrier_arrive(int id, int threads) { tatara_emu_barrier(id, threads, 0); }
