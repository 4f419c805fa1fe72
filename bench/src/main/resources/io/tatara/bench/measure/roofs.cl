/* The roofs of a device. roof_copy: y = x in steps of four floats; on a GPU neighbours take neighbouring steps,
 * on a CPU each work-item has a stretch of its own. roof_fma: chains of fused multiply-adds in registers, long
 * enough that launch and store vanish; on a GPU one lane is one work-item, on a CPU a vector of sixteen. */
#ifndef ON_CPU
#define ON_CPU 0
#endif
#ifndef REPEAT
#define REPEAT 4096
#endif

KERNEL void roof_copy(GLOBAL const float* RESTRICT x, GLOBAL float* RESTRICT y, int fours, int items) {
  int id = GLOBAL_ID(0);
#if ON_CPU
  int stretch = (fours + items - 1) / items;
  int to = (id + 1) * stretch < fours ? (id + 1) * stretch : fours;
  for (int i = id * stretch; i < to; i++) STOREF4(y, 4 * i, LOADF4(x, 4 * i));
#else
  for (int i = id; i < fours; i += items) STOREF4(y, 4 * i, LOADF4(x, 4 * i));
#endif
}

#if ON_CPU
#define LANES float16
#define SPLAT(v) ((float16)(v))
#define STEP(a) a = fma(a, m, c)
#else
#define LANES float
#define SPLAT(v) (v)
#define STEP(a) a = FMA(a, m, c)
#endif

KERNEL void roof_fma(GLOBAL float* RESTRICT y, float mul, float add) {
  LANES m = SPLAT(mul), c = SPLAT(add);
  LANES a0 = c, a1 = c + m, a2 = a1 + m, a3 = a2 + m, a4 = a3 + m, a5 = a4 + m, a6 = a5 + m, a7 = a6 + m;
  LANES a8 = a7 + m, a9 = a8 + m, a10 = a9 + m, a11 = a10 + m;
  for (int r = 0; r < REPEAT; r++) {
    STEP(a0); STEP(a1); STEP(a2); STEP(a3); STEP(a4); STEP(a5);
    STEP(a6); STEP(a7); STEP(a8); STEP(a9); STEP(a10); STEP(a11);
  }
  LANES s = a0 + a1 + a2 + a3 + a4 + a5 + a6 + a7 + a8 + a9 + a10 + a11;
#if ON_CPU
  y[GLOBAL_ID(0)] = s.s0 + s.s5 + s.sa + s.sf;
#else
  y[GLOBAL_ID(0)] = s;
#endif
}
