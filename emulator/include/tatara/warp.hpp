/* warp.cuh's primitives under emulation: the 32 lanes meet in the engine. */
TATARA_DEVICE int lane_id() { return tatara_emu_lane(); }
TATARA_DEVICE void warp_barrier() { tatara_emu_syncwarp(0xffffffffu); }
TATARA_DEVICE float shuffle_xor(float x, int mask) { return __shfl_xor_sync(0xffffffffu, x, mask); }
TATARA_DEVICE int shuffle_xor(int x, int mask) { return __shfl_xor_sync(0xffffffffu, x, mask); }
TATARA_DEVICE uint shuffle_xor(uint x, int mask) { return __shfl_xor_sync(0xffffffffu, x, mask); }
TATARA_DEVICE float shuffle(float x, int from) { return __shfl_sync(0xffffffffu, x, from); }
TATARA_DEVICE int shuffle(int x, int from) { return __shfl_sync(0xffffffffu, x, from); }
TATARA_DEVICE uint shuffle(uint x, int from) { return __shfl_sync(0xffffffffu, x, from); }
TATARA_DEVICE void named_barrier(int id, int threads) { tatara_emu_barrier(id, threads, 1); }
TATARA_DEVICE void named_barrier_arrive(int id, int threads) { tatara_emu_barrier(id, threads, 0); }
