package io.tatara.kernels.jvm;

import static io.tatara.kernels.jvm.VectorMath.S;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/** bfloat16 to and from float on the vector unit. */
final class VectorHalves {
    private static final int L = S.length();
    private static final VectorSpecies<Short> HALF =
            VectorSpecies.of(short.class, VectorShape.forBitSize(S.vectorBitSize() / 2));
    private static final VectorSpecies<Integer> BITS = VectorSpecies.of(int.class, S.vectorShape());
    private static final IntVector MIDDLE = IntVector.broadcast(BITS, 0x7fff);
    private static final IntVector ODD = IntVector.broadcast(BITS, 1);
    private static final IntVector QUIET = IntVector.broadcast(BITS, 0x40);

    private VectorHalves() {}

    static void widen(short[] x, int xo, float[] y, int yo, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            ShortVector.fromArray(HALF, x, xo + i)
                    .convertShape(VectorOperators.ZERO_EXTEND_S2I, BITS, 0)
                    .reinterpretAsInts()
                    .lanewise(VectorOperators.LSHL, 16)
                    .reinterpretAsFloats()
                    .intoArray(y, yo + i);
        }
        for (; i < n; i++) {
            y[yo + i] = Halves.fromBfloat16(x[xo + i]);
        }
    }

    static void narrow(float[] x, int xo, short[] y, int yo, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector f = FloatVector.fromArray(S, x, xo + i);
            IntVector u = f.reinterpretAsInts();
            IntVector upper = u.lanewise(VectorOperators.LSHR, 16);
            IntVector rounded =
                    u.add(MIDDLE).add(upper.and(ODD)).lanewise(VectorOperators.LSHR, 16);
            VectorMask<Integer> nan = f.test(VectorOperators.IS_NAN).cast(BITS);
            rounded.blend(upper.or(QUIET), nan)
                    .convertShape(VectorOperators.I2S, HALF, 0)
                    .reinterpretAsShorts()
                    .intoArray(y, yo + i);
        }
        for (; i < n; i++) {
            y[yo + i] = Halves.toBfloat16(x[xo + i]);
        }
    }
}
