/* Images [images, channels, h, wd] of 16-bit elements turned to lines in shared memory, as wgmma reads them: a line is 64
 * channels (128 bytes, 16-byte pieces swizzled as the copy engine does) of one place, where places are those of
 * ShiftedRows: image i's line y, column x of a phase at place i · PLANE + y · PITCH + x, 0 in the gaps between lines and
 * images. What conv/shifted.cu does in global memory; here nothing is written there. Behind hopper.cuh.
 *
 * A warp brings 16 elements of all 64 channels at a time, TURNS times: lane (r, c) of 8 x 4 loads two neighbouring
 * elements 2c of channels r, r + 8 …, 16 TURNS words under way, and stmatrix turns 8 elements of 8 channels to 8 pieces of
 * lines. Eight lanes' pieces lie in eight lines: no two meet in a bank.
 *
 * Sizes are constants where they can be, so that a lane's channels are at constant distances.
 *
 * With a stride along x its phases come together, since they are neighbours in memory: element e is that of phase e %
 * PHASES in line e / PHASES, and each phase has `lines` lines of its own, one set behind the other. */
#ifndef PLANE
#define PLANE 64
#define PITCH 8
#endif
#ifndef VEC
#define VEC 2 /* so many elements from a multiple on are a line's, aligned, or all in a gap; 8: lines_load */
#endif
#ifndef ALL_CHANNELS
#define ALL_CHANNELS 0 /* whether there are channels in whole 64s */
#endif
#ifndef TATARA_EMULATION
/* stmatrix_x4 with each matrix transposed: row i of memory is column i of what the lanes hold. */
DEVICE void stmatrix_x4_turned(uint at, const uint (&r)[4]) {
  asm volatile("stmatrix.sync.aligned.m8n8.x4.trans.shared.b16 [%0], {%1, %2, %3, %4};" ::"r"(at), "r"(r[0]), "r"(r[1]),
               "r"(r[2]), "r"(r[3])
               : "memory");
}
#endif

/* Where the images stand and how a place finds its element: line `strideY` · y + offsetY, column `strideX` · x + offsetX. */
struct Images {
  GLOBAL const ELEM* x;
  int images, channels, h, wd, strideY, offsetY, strideX, offsetX;
};

/* Element e from place q0 on, channel 0: its index, -1 in gaps. */
template <int PHASES>
DEVICE int lines_element(const Images& s, int q0, int e) {
  uint q = (uint)(q0 + e / PHASES); /* before the first image beyond all of them */
  uint i = q / PLANE;
  int at = q % PLANE;
  int y = at / PITCH * s.strideY + s.offsetY;
  int x = at % PITCH * s.strideX + s.offsetX + e % PHASES;
  return i < (uint)s.images && y < s.h && x < s.wd ? ((int)i * s.channels * s.h + y) * s.wd + x : -1;
}

/* Where a lane reads element `at`, or for none the first, which stands there as well. */
DEVICE GLOBAL const ELEM* lines_from(const Images& s, int at, int channel) {
  return s.x + ((at < 0 ? 0 : at) + (ALL_CHANNELS || channel < s.channels ? channel * s.h * s.wd : 0));
}

/* Whether a lane reads it: with ALL_CHANNELS always, without a branch, and masks what is none. */
DEVICE int lines_there(const Images& s, int at, int channel) { return ALL_CHANNELS || (at >= 0 && channel < s.channels); }
DEVICE uint lines_mask(int at) { return ALL_CHANNELS && at < 0 ? 0 : 0xffffffffu; }

template <class WORD>
DEVICE WORD lines_word(GLOBAL const ELEM* from, int there) {
  WORD w = {};
  if (ALL_CHANNELS || there) w = *(GLOBAL const WORD*)from;
  return w;
}

/* TURNS times 16 elements from e0 on, channels c0 … c0 + 63, to registers as stmatrix takes them.
 * Elements of a load (VECTOR):
 *   1, 2   neighbours;
 *   4      four, of which lanes that have the second eight change the pairs, so that the eight lines that stmatrix writes at
 *          one time differ modulo 8 and no two meet in a bank;
 *   8      eight places are a line of up to 7 elements, anywhere in images that have an even number of elements: four lanes
 *          load the words that hold it, and pass halves on where it begins in the middle of one. */
template <int PHASES, int TURNS, int VECTOR = VEC>
DEVICE void lines_load(uint (&v)[TURNS][2][8], const Images& s, int q0, int e0, int c0) {
  int lane = lane_id();
  int channel = c0 + lane / 4;
  int size = s.h * s.wd;
  UNROLL
  for (int i = 0; i < TURNS; i++) {
    if (VECTOR == 4) {
      int at = lines_element<PHASES>(s, q0, e0 + 16 * i + lane % 4 * 4);
      GLOBAL const ELEM* from = lines_from(s, at, channel);
      int second = lane & 2;
      UNROLL
      for (int j = 0; j < 8; j++) {
        uint2 w = lines_word<uint2>(from + 8 * j * size, lines_there(s, at, channel + 8 * j));
        w.x &= lines_mask(at);
        w.y &= lines_mask(at);
        v[i][0][j] = second ? w.y : w.x;
        v[i][1][j] = second ? w.x : w.y;
      }
    } else {
      UNROLL
      for (int half = 0; half < 2; half++) {
        int e = e0 + 16 * i + 8 * half + (VECTOR == 8 ? 0 : lane % 4 * 2);
        int at = lines_element<PHASES>(s, q0, e);
        GLOBAL const ELEM* from = lines_from(s, at, channel);
        if (VECTOR == 8) {
          int odd = ((at < 0 ? 0 : at) + channel * size) & 1; /* the same for all j */
          int column = lane % 4 * 2;
          int behind = column - odd >= s.wd; /* would read behind the images */
          uint mask = column + 1 < s.wd ? 0xffffffffu : column < s.wd ? 0xffffu : 0;
          from += behind ? 0 : column - odd;
          UNROLL
          for (int j = 0; j < 8; j++) {
            v[i][half][j] = lines_word<uint>(from + 8 * j * size - (behind ? odd : 0), !behind && lines_there(s, at, channel + 8 * j));
          }
          UNROLL
          for (int j = 0; j < 8; j++) {
            uint next = shuffle(v[i][half][j], lane + 1 & 31); /* nobody's element behind the fourth */
            if (odd) v[i][half][j] = v[i][half][j] >> 16 | next << 16;
            v[i][half][j] &= mask & lines_mask(at);
          }
        } else if (VECTOR == 2) {
          UNROLL
          for (int j = 0; j < 8; j++) {
            v[i][half][j] = lines_word<uint>(from + 8 * j * size, lines_there(s, at, channel + 8 * j)) & lines_mask(at);
          }
        } else {
          int at2 = lines_element<PHASES>(s, q0, e + 1);
          GLOBAL const ELEM* from2 = lines_from(s, at2, channel);
          UNROLL
          for (int j = 0; j < 8; j++) {
            uint low = lines_word<ushort>(from + 8 * j * size, lines_there(s, at, channel + 8 * j));
            uint high = lines_word<ushort>(from2 + 8 * j * size, lines_there(s, at2, channel + 8 * j));
            v[i][half][j] = (low & lines_mask(at)) | (high << 16 & lines_mask(at2));
          }
        }
      }
    }
  }
}

/* The same to their lines, those of element 0 at `to`; of a phase `lines`. e0 is a multiple of 16. */
template <int PHASES, int TURNS, int VECTOR = VEC>
DEVICE void lines_store(uint to, int lines, int e0, const uint (&v)[TURNS][2][8]) {
  int lane = lane_id();
  int column = lane % 8; /* of a matrix of 8 channels by 8 places */
  to += e0 / PHASES * 128;
  UNROLL
  for (int i = 0; i < TURNS; i++) {
    UNROLL
    for (int half = 0; half < 2; half++) {
      int four = 16 * i + column / 2 * 4 + column % 2 + 2 * (half ^ column / 4);
      int e = VECTOR == 4 ? four : 16 * i + 8 * half + column;
      int line = e / PHASES;
      uint at = to + (e % PHASES * lines + line) * 128;
      UNROLL
      for (int g = 0; g < 2; g++) {
        int piece = 4 * g + lane / 8;
        uint w[4] = {v[i][half][4 * g], v[i][half][4 * g + 1], v[i][half][4 * g + 2], v[i][half][4 * g + 3]};
        stmatrix_x4_turned(at + (piece ^ line % 8) * 16, w);
      }
    }
  }
}

/* All elements of `lines` lines (PHASES times that is a multiple of 16 TURNS) from place q0 on, by warp `warp` of `warps`,
 * who arrives at `full` once its part can be read and waits before the first store until `empty` says that it may. */
template <int PHASES, int TURNS>
DEVICE void lines_fill(uint to, uint full, uint empty, int parity, int lines, const Images& s, int q0, int c0, int warp,
                       int warps) {
  int waits = 1;
  _Pragma("unroll 1")
  for (int e0 = warp * 16 * TURNS; e0 < PHASES * lines; e0 += warps * 16 * TURNS) {
    uint v[TURNS][2][8];
    lines_load<PHASES, TURNS>(v, s, q0, e0, c0);
    if (waits) mbarrier_wait_copies(empty, parity); /* behind the loads, which come meanwhile */
    waits = 0;
    lines_store<PHASES, TURNS>(to, lines, e0, v);
  }
  if (waits) mbarrier_wait_copies(empty, parity);
  fence_async_shared();
  warp_barrier();
  if (lane_id() == 0) mbarrier_arrive(full);
}
