/* What the gradients of matrix products need besides products; all bound by memory, one work-item an
 * element of the result, neighbours on neighbouring elements.
 *
 * activation_gradient dz = dy · f'(z); s is f(z) where that tells the derivative, else z (gelu, silu).
 * scatter_*           zeros, then a dense batch of matrices put into strided places. */
#ifndef ACTIVATION
#define ACTIVATION 0
#endif

KERNEL void activation_gradient(GLOBAL const ELEM *RESTRICT s, GLOBAL const ELEM *RESTRICT dy,
                                GLOBAL ELEM *RESTRICT dz, int n) {
  int i = GLOBAL_ID(0);
  if (i < n) {
#if ACTIVATION == 0
    float d = 1.0f;
#else
    float x = LD(s, i);
#endif
#if ACTIVATION == 1
    float d = x > 0.0f ? 1.0f : 0.0f;
#elif ACTIVATION == 2
    float d = x * (1.0f - x);
#elif ACTIVATION == 3
    float d = 1.0f - x * x;
#elif ACTIVATION == 4
    float d = 0.5f * (1.0f + ERFF(x * 0.70710678118654752f)) + x * 0.39894228040143268f * EXPF(-0.5f * x * x);
#elif ACTIVATION == 5
    float g = 1.0f / (1.0f + EXPF(-x));
    float d = g * (1.0f + x * (1.0f - g));
#elif ACTIVATION == 6
    float d = x > 0.0f ? 1.0f : x + 1.0f;
#elif ACTIVATION == 7
    float d = x > 0.0f && x < 6.0f ? 1.0f : 0.0f;
#endif
    ST(dz, i, LD(dy, i) * d);
  }
}

KERNEL void scatter_zero(GLOBAL ELEM *RESTRICT y, int n) {
  int i = GLOBAL_ID(0);
  if (i < n) ST(y, i, 0.0f);
}

/* Batch axes as in matmul.cl: the outermost of any extent, then e1, e2, e3. */
KERNEL void scatter_strided(GLOBAL const ELEM *RESTRICT x, int xo, int items, GLOBAL ELEM *RESTRICT y, int yo,
                            int rows, int columns, int rs, int cs, int e1, int e2, int e3, int s0, int s1, int s2,
                            int s3) {
  int i = GLOBAL_ID(0);
  if (i < items) {
    int column = i % columns;
    int row = (i / columns) % rows;
    int z = i / columns / rows;
    int at = yo + row * rs + column * cs;
    at += (z % e3) * s3 + (z / e3 % e2) * s2 + (z / e3 / e2 % e1) * s1 + (z / e3 / e2 / e1) * s0;
    ST(y, at, LD(x, xo + i));
  }
}
