/* Sines and cosines of position * base^(-2i/R), as exact for any int32 position as for small ones: angles are kept as
 * fractions of a turn in integers, where the product with the position loses whole turns by itself.
 * FACTORS: base^(-2^(k+1)/R) for k < LEVELS as fractions of 2^64, high and low words in turn. */
#ifndef LEVELS
#define LEVELS 1
#endif
#ifndef FACTORS
#define FACTORS {1u, 0u}
#endif

/* base^(-2i/R) / (2 pi), in 2^-64 turns: the factors of i's bits multiplied. Each product is short by less than
 * 3 * 2^-64. */
DEVICE void frequency_of(int i, uint* high, uint* low) {
  const uint factors[2 * LEVELS] = FACTORS;
  uint h = 0x28be60dbu;
  uint l = 0x9391054au;
  UNROLL
  for (int k = 0; k < LEVELS; k++) {
    if ((i >> k) & 1) {
      uint fh = factors[2 * k];
      uint fl = factors[2 * k + 1];
      uint a = MULHI(h, fl);
      uint b = MULHI(l, fh);
      uint hh = MULHI(h, fh);
      uint hl = h * fh;
      hl += a;
      if (hl < a) hh++;
      hl += b;
      if (hl < b) hh++;
      h = hh;
      l = hl;
    }
  }
  *high = h;
  *low = l;
}

/* Sine and cosine of position times a frequency: the nearest quarter turn is split off, so that the rest is at most
 * an eighth. */
DEVICE void turn_of(int position, uint high, uint low, float* sine, float* cosine) {
  uint p = (uint)position;
  uint turn = p * high + MULHI(p, low);
  if (position < 0) turn -= low; /* p is 2^32 more than the position */
  uint q = (turn + 0x20000000u) >> 30;
  float rest = (float)(int)(turn - (q << 30)) * 1.4629180792671596e-9f; /* 2 pi / 2^32 */
  float s = SINF(rest);
  float c = COSF(rest);
  float a = (q & 1u) ? c : s;
  float b = (q & 1u) ? s : c;
  *sine = (q & 2u) ? -a : a;
  *cosine = (q == 1u || q == 2u) ? -b : b;
}
