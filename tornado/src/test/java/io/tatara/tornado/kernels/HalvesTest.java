package io.tatara.tornado.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import io.tatara.kernels.DType;
import io.tatara.kernels.check.Rounding;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** The conversions as Java: every number there is, and those between. */
class HalvesTest {
    private static int mantissa(DType type) {
        return type == DType.FLOAT16 ? 10 : 7;
    }

    private static float known(int bits, DType type) {
        return type == DType.FLOAT16
                ? Float.float16ToFloat((short) bits)
                : Float.intBitsToFloat(bits << 16);
    }

    @Test
    void everyNumberThereIs() {
        for (DType type : new DType[] {DType.FLOAT16, DType.BFLOAT16}) {
            int m = mantissa(type);
            for (int bits = 0; bits < 1 << 16; bits++) {
                float want = known(bits, type);
                float got = Halves.toFloat(bits, m);
                if (Float.isNaN(want)) {
                    assertThat(got).isNaN();
                    assertThat(Halves.toFloat(Halves.toBits(got, m), m)).isNaN();
                } else {
                    assertThat(Float.floatToRawIntBits(got))
                            .as("%s %x", type, bits)
                            .isEqualTo(Float.floatToRawIntBits(want));
                    assertThat(Halves.toBits(got, m)).as("%s %x", type, bits).isEqualTo(bits);
                }
            }
        }
    }

    private static void rounds(float v, DType type) {
        float want = (float) Rounding.round(v, type);
        float got = Halves.toFloat(Halves.toBits(v, mantissa(type)), mantissa(type));
        assertThat(Float.floatToIntBits(got))
                .as("%s %s", type, v)
                .isEqualTo(Float.floatToIntBits(want));
    }

    /** Ties, their neighbours, the ends of the range, and numbers at random. */
    @Test
    void roundsToTheNearest() {
        SplittableRandom random = new SplittableRandom(7);
        for (DType type : new DType[] {DType.FLOAT16, DType.BFLOAT16}) {
            for (int bits = 0; bits < 0x7c00; bits += 3) {
                float low = known(bits, type);
                float high = known(bits + 1, type);
                float tie = Float.isInfinite(high) ? low : (float) ((low + (double) high) / 2);
                rounds(tie, type);
                rounds(-Math.nextUp(tie), type);
                rounds(Math.nextDown(tie), type);
            }
            for (int i = 0; i < 100_000; i++) {
                rounds(Float.intBitsToFloat(random.nextInt()), type);
            }
            for (float v : new float[] {65519.9f, 65520, 3.3961774e38f, 3.3961776e38f}) {
                rounds(v, type);
                rounds(-v, type);
            }
            rounds(Float.MIN_VALUE, type);
            rounds(Float.MAX_VALUE, type);
            rounds(Float.NEGATIVE_INFINITY, type);
        }
    }
}
