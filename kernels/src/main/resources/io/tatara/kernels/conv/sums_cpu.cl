/* What becomes of a vector of sums on CPUs. Behind sums.cl and vectors.cl. */
/* A vector of a row of the result, all of one channel. */
DEVICE void conv_store_vector(GLOBAL ELEM *y, GLOBAL const ELEM *RESTRICT bias, GLOBAL const ELEM *RESTRICT residual,
                              int at, int channel, FLOATV v) {
#if BIAS
  v += (FLOATV)(LD(bias, channel));
#endif
#if ACTIVATION == 1
  v = select(v, (FLOATV)(0.0f), v < (FLOATV)(0.0f));
#endif
#if RESIDUAL
  v += LDV(residual, at);
#endif
  STV_OF(STORAGE, y, at, v);
}
