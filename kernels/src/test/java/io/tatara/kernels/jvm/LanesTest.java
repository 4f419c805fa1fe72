package io.tatara.kernels.jvm;

import static org.assertj.core.api.Assertions.assertThat;

import io.tatara.kernels.DType;
import io.tatara.kernels.check.Rounding;
import io.tatara.kernels.pointwise.BinaryOp;
import io.tatara.kernels.pointwise.UnaryOp;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The vector primitives against double arithmetic: errors in units in the last place, special
 * values.
 */
class LanesTest {
    private static final int GUARD = 9;
    private static final float[] SPECIAL = {
        0f,
        -0f,
        1f,
        -1f,
        Float.NaN,
        Float.POSITIVE_INFINITY,
        Float.NEGATIVE_INFINITY,
        Float.MIN_VALUE,
        -Float.MIN_VALUE,
        Float.MIN_NORMAL,
        -Float.MIN_NORMAL,
        Float.MAX_VALUE,
        -Float.MAX_VALUE,
        0x1p23f,
        -0x1p23f,
        8388607.5f,
        -8388607.5f,
        0.5f,
        -0.5f,
        88.72283f,
        88.72284f,
        -87.3365f,
        -103.97f,
        -103.98f,
        -104f,
        -0.99999994f,
        16777217f,
        1e10f,
        -3e30f,
        2.5f,
        -2.5f
    };

    private final Lanes lanes = Lanes.best();
    private final Lanes plain = new PlainLanes();

    @Test
    void theVectorUnitIsUsed() {
        assertThat(lanes.description()).startsWith("vector ");
    }

    /** Largest error allowed, in units in the last place. */
    private static double limit(UnaryOp op) {
        return switch (op) {
            case NEG, ABS, SIGN, SQRT, RECIPROCAL, SQUARE, RELU, FLOOR -> 0.5;
            case EXP, LOG -> 1.1;
            case RSQRT, SIN, COS, ERF -> 1.5;
            case LOG1P, TANH -> 2;
            case EXPM1, SIGMOID -> 2.5;
        };
    }

    @ParameterizedTest
    @EnumSource
    void unaryFunctionsStayWithinTheirLimit(UnaryOp op) {
        float[] x = arguments(200_003);
        float[] y = new float[x.length + GUARD];
        Arrays.fill(y, 7f);
        lanes.unary(op, x, 0, y, 0, x.length);
        double worst = 0;
        float at = 0;
        for (int i = 0; i < x.length; i++) {
            double want = exact(op, x[i]);
            if (op == UnaryOp.SIGMOID && want < Float.MIN_NORMAL && y[i] == 0) {
                continue; // as it says
            }
            double e = ulps(y[i], want);
            if (!(e <= worst)) {
                worst = e;
                at = x[i];
            }
        }
        assertThat(worst).as("%s(%s)", op, at).isLessThanOrEqualTo(limit(op));
        for (int i = x.length; i < y.length; i++) {
            assertThat(y[i]).isEqualTo(7f);
        }
    }

    @ParameterizedTest
    @EnumSource
    void negativeZeroIsKept(UnaryOp op) {
        float[] y = {-0f};
        lanes.unary(op, y, 0, y, 0, 1);
        assertThat(Float.floatToRawIntBits(y[0]))
                .isEqualTo(Float.floatToRawIntBits(PlainLanes.apply(op, -0f)));
    }

    @Test
    void exponentialsOfWhatIsNotPositive() {
        int n = 8713;
        float[] x = new float[n];
        for (int i = 0; i < n; i++) {
            x[i] = 3 - i * 0.01f;
        }
        float[] y = new float[n];
        double sum = 0;
        float got = lanes.expFalling(x, 0, 3, y, 0, n, 0);
        for (int i = 0; i < n; i++) {
            double e = Math.exp((double) (x[i] - 3f));
            assertThat((double) y[i]).isCloseTo(e, within(e * (3e-7 + 2e-8 * (3 - x[i]))));
            sum += e;
        }
        assertThat((double) got).isCloseTo(sum, within(1e-6 * sum));
        float[] edges = {Float.NEGATIVE_INFINITY, -88, -1000, 0, -0f, Float.NaN};
        lanes.expFalling(edges, 0, 0, edges, 0, edges.length, 0);
        assertThat(edges).startsWith(0, 0, 0, 1, 1);
        assertThat(edges[5]).isNaN();
    }

    @Test
    void theLargestNumberWhateverStandsBesideIt() {
        for (int n : new int[] {0, 1, 15, 16, 63, 64, 65, 200}) {
            for (int at = 0; at < n; at++) {
                float[] x = new float[n + 2];
                Arrays.fill(x, Float.NaN);
                x[0] = Float.POSITIVE_INFINITY;
                x[n + 1] = Float.POSITIVE_INFINITY;
                x[1 + (at + n / 2) % n] = Float.NEGATIVE_INFINITY;
                x[1 + at] = -7;
                assertThat(lanes.largest(x, 1, n)).as("%d of %d", at, n).isEqualTo(-7);
            }
            float[] none = new float[n];
            Arrays.fill(none, Float.NaN);
            assertThat(lanes.largest(none, 0, n)).isEqualTo(Float.NEGATIVE_INFINITY);
        }
    }

    @ParameterizedTest
    @EnumSource
    void anElementsResultDoesNotDependOnItsPlace(UnaryOp op) {
        float[] x = arguments(1000);
        float[] all = new float[x.length];
        lanes.unary(op, x, 0, all, 0, x.length);
        for (int n : new int[] {1, 2, 3, 7, 15, 16, 17, 31, 33}) {
            float[] y = new float[n];
            lanes.unary(op, x, 5, y, 0, n);
            assertThat(y).isEqualTo(Arrays.copyOfRange(all, 5, 5 + n));
        }
    }

    @ParameterizedTest
    @EnumSource
    void binaryFunctionsAreThePlainOnes(BinaryOp op) {
        float[] x = arguments(3001);
        float[] y = arguments(3001);
        for (int i = y.length - 1; i > 0; i--) {
            int j = (int) (i * 7919L % (i + 1));
            float t = y[i];
            y[i] = y[j];
            y[j] = t;
        }
        for (int n : new int[] {0, 1, 15, 16, 17, 100, 3000}) {
            float[] got = new float[n + GUARD];
            float[] want = new float[n + GUARD];
            lanes.binary(op, x, 1, y, 0, got, 0, n);
            plain.binary(op, x, 1, y, 0, want, 0, n);
            assertThat(got).isEqualTo(want);
            for (float s : new float[] {0, 2, -1.5f, Float.NaN, Float.POSITIVE_INFINITY}) {
                lanes.binaryScalar(op, x, 1, s, got, 0, n);
                plain.binaryScalar(op, x, 1, s, want, 0, n);
                assertThat(got).as("x %s %s", op, s).isEqualTo(want);
                lanes.scalarBinary(op, s, x, 1, got, 0, n);
                plain.scalarBinary(op, s, x, 1, want, 0, n);
                assertThat(got).as("%s %s x", s, op).isEqualTo(want);
            }
        }
    }

    @Test
    void reductionsAreAccurate() {
        SplittableRandom r = new SplittableRandom(4);
        for (int n : new int[] {0, 1, 5, 16, 31, 64, 100, 1000, 4096, 4097, 100_000}) {
            float[] x = new float[n + 3];
            float[] y = new float[n + 3];
            for (int i = 0; i < x.length; i++) {
                x[i] = (float) r.nextGaussian();
                y[i] = (float) r.nextGaussian();
            }
            double scale = 1e-6 * Math.sqrt(n + 1.0);
            assertThat((double) lanes.sum(x, 2, n)).isCloseTo(plain.sum(x, 2, n), within(scale));
            assertThat((double) lanes.dot(x, 2, y, 1, n))
                    .isCloseTo(plain.dot(x, 2, y, 1, n), within(scale));
            assertThat(lanes.max(x, 2, n)).isEqualTo(plain.max(x, 2, n));
            double e = plain.sumExpShifted(x, 2, 1f, n);
            assertThat((double) lanes.sumExpShifted(x, 2, 1f, n)).isCloseTo(e, within(1e-6 * e));
            float[] a = new float[n + 3];
            assertThat((double) lanes.expShifted(x, 2, 1f, a, 1, n)).isCloseTo(e, within(1e-6 * e));
            assertThat(a[0]).isZero();
            assertThat(a[n + 1]).isZero();
        }
    }

    @Test
    void maxPassesNanOnFromAnyPlace() {
        for (int n : new int[] {1, 17, 64, 131}) {
            for (int i = 0; i < n; i++) {
                float[] x = new float[n];
                x[i] = Float.NaN;
                assertThat(lanes.max(x, 0, n)).isNaN();
            }
        }
    }

    @Test
    void selectFmaAndAxpy() {
        int n = 77;
        float[] c = new float[n];
        float[] x = new float[n];
        float[] y = new float[n];
        float[] z = new float[n];
        for (int i = 0; i < n; i++) {
            c[i] = i % 5 == 0 ? Float.NaN : i % 2;
            x[i] = i;
            y[i] = -i;
        }
        lanes.select(c, 0, x, 0, y, 0, z, 0, n);
        for (int i = 0; i < n; i++) {
            assertThat(z[i]).isEqualTo(i % 5 == 0 || i % 2 == 1 ? i : -i);
        }
        lanes.fma(x, 0, y, 0, x, 0, z, 0, n);
        for (int i = 0; i < n; i++) {
            assertThat(z[i]).isEqualTo(i - i * i);
        }
        lanes.axpy(2f, x, 0, y, 0, n);
        for (int i = 0; i < n; i++) {
            assertThat(y[i]).isEqualTo(i);
        }
    }

    private static org.assertj.core.data.Offset<Double> within(double d) {
        return org.assertj.core.data.Offset.offset(Math.max(d, 1e-30));
    }

    /** Special values, moderate numbers, and floats of any exponent. */
    private static float[] arguments(int n) {
        SplittableRandom r = new SplittableRandom(9);
        float[] x = Arrays.copyOf(SPECIAL, n);
        for (int i = SPECIAL.length; i < n; i++) {
            x[i] =
                    switch (i % 4) {
                        case 0 -> (float) (r.nextGaussian() * 3);
                        case 1 -> (float) (r.nextDouble() * 220 - 110);
                        case 2 ->
                                (float)
                                        ((r.nextDouble() * 2 - 1)
                                                * Math.pow(2, -30 * r.nextDouble()));
                        default -> Float.intBitsToFloat(r.nextInt());
                    };
        }
        return x;
    }

    private static double exact(UnaryOp op, float f) {
        double x = f;
        return switch (op) {
            case RSQRT -> 1 / Math.sqrt(x);
            case RECIPROCAL -> 1 / x;
            case SQUARE -> x * x;
            case SQRT -> Math.sqrt(x);
            case EXP -> Math.exp(x);
            case LOG -> Math.log(x);
            case TANH -> Math.tanh(x);
            case SIGMOID -> x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x));
            case EXPM1 -> Math.expm1(x);
            case LOG1P -> Math.log1p(x);
            case ERF -> Erf.erf(x);
            case SIN -> Math.sin(x);
            case COS -> Math.cos(x);
            default -> PlainLanes.apply(op, f);
        };
    }

    /**
     * Distance in units in the last place of the wanted number; 0 where both are the same special
     * value.
     */
    private static double ulps(float got, double want) {
        float rounded = (float) want;
        if (Float.isNaN(rounded) || Float.isInfinite(rounded) || !Float.isFinite(got)) {
            return Float.compare(got, rounded) == 0 ? 0 : Double.POSITIVE_INFINITY;
        }
        return Math.abs(got - want) / Math.ulp(rounded);
    }

    @ParameterizedTest
    @EnumSource(names = {"FLOAT16", "BFLOAT16"})
    void every16BitNumberIsWidenedExactlyAndComesBack(DType type) {
        int n = 1 << 16;
        short[] x = new short[n + 3];
        for (int i = 0; i < n; i++) {
            x[3 + i] = (short) i;
        }
        for (Lanes l : new Lanes[] {lanes, plain}) {
            float[] y = new float[n + GUARD];
            Arrays.fill(y, 7f);
            l.widen(type, x, 3, y, 2, n - 5);
            for (int i = 0; i < n - 5; i++) {
                float want =
                        type == DType.FLOAT16
                                ? Float.float16ToFloat((short) i)
                                : Rounding.bfloat16ToFloat((short) i);
                assertThat(y[2 + i]).isEqualTo(Float.valueOf(want)); // NaN too
            }
            assertThat(y[1]).isEqualTo(7f);
            assertThat(y[n - 3]).isEqualTo(7f);
            short[] back = new short[n + GUARD];
            Arrays.fill(back, (short) 77);
            l.narrow(type, y, 2, back, 1, n - 5);
            for (int i = 0; i < n - 5; i++) {
                if (Float.isNaN(y[2 + i])) {
                    assertThat(widened(type, back[1 + i])).isNaN();
                } else {
                    assertThat(back[1 + i]).isEqualTo((short) i);
                }
            }
            assertThat(back[0]).isEqualTo((short) 77);
            assertThat(back[n - 4]).isEqualTo((short) 77);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"FLOAT16", "BFLOAT16"})
    void floatsAreRoundedToNearestEven(DType type) {
        SplittableRandom random = new SplittableRandom(11);
        int n = 300_007;
        float[] x = new float[n];
        for (int i = 0; i < n; i++) {
            // All sizes and, every third, a tie between two neighbours.
            int bits = random.nextInt();
            bits = i % 3 == 0 ? bits & 0xffff0000 | 0x8000 : bits;
            x[i] =
                    i % 2 == 0
                            ? Float.intBitsToFloat(bits)
                            : (random.nextInt(1 << 13) + 0.5f)
                                    * Math.scalb(1f, -random.nextInt(26));
        }
        System.arraycopy(SPECIAL, 0, x, 0, SPECIAL.length);
        for (Lanes l : new Lanes[] {lanes, plain}) {
            short[] y = new short[n];
            l.narrow(type, x, 0, y, 0, n);
            for (int i = 0; i < n; i++) {
                assertThat((double) widened(type, y[i]))
                        .as("%s %s", type, x[i])
                        .isEqualTo(Double.valueOf(Rounding.round(x[i], type)));
            }
        }
    }

    private static float widened(DType type, short h) {
        return type == DType.FLOAT16 ? Float.float16ToFloat(h) : Rounding.bfloat16ToFloat(h);
    }
}
