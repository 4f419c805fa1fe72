/* Sines and cosines of position * base^(-2i/R), as exact for any int32 position as for small ones: angles are kept as
 * fractions of a turn in integers, where the product with the position loses whole turns by itself. */

/* high and low words of the product of two fractions of 2^64, short by less than 3 * 2^-64 */
DEVICE void fraction_times(uint* high, uint* low, uint h, uint l) {
  uint a = MULHI(*high, l);
  uint b = MULHI(*low, h);
  uint hh = MULHI(*high, h);
  uint hl = *high * h;
  hl += a;
  if (hl < a) hh++;
  hl += b;
  if (hl < b) hh++;
  *high = hh;
  *low = hl;
}

/* ratio^i / (2 pi) in 2^-64 turns, by squaring; the ratio's own rounding, 2^-53, grows with i while the power falls. */
DEVICE void frequency_of(int i, uint ratio_high, uint ratio_low, uint* high, uint* low) {
  *high = 0x28be60dbu;
  *low = 0x9391054au;
  for (; i > 0; i >>= 1) {
    if (i & 1) fraction_times(high, low, ratio_high, ratio_low);
    uint h = ratio_high;
    uint l = ratio_low;
    fraction_times(&ratio_high, &ratio_low, h, l);
  }
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
