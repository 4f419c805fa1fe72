package io.tatara.kernels.check;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tatara.kernels.DType;
import io.tatara.kernels.RefArray;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.layout.Expand;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** How float16 and bfloat16 results are held to their round-off. */
class HalfRoundingTest {
    private static final int N = 10_000;

    private static RefArray normal(DType dtype, double scale) {
        Random r = new Random(5);
        double[] d = new double[N];
        Arrays.setAll(d, i -> scale * r.nextGaussian());
        return new RefArray(TensorSpec.of(dtype, N), d);
    }

    private static double[] rounded(RefArray a) {
        RefArray r = new RefArray(a.spec(), a.data().clone());
        Rounding.round(r);
        return r.data();
    }

    private static double tolerance(DType dtype) {
        return Case.of("c", new Expand(TensorSpec.f32(1).shape())).tolerance(dtype);
    }

    @ParameterizedTest
    @EnumSource(names = {"FLOAT16", "BFLOAT16"})
    void theCorrectlyRoundedResultIsNoError(DType dtype) {
        RefArray ref = normal(dtype, 1);
        assertThat(Comparison.of(rounded(ref), ref).error()).isZero();
    }

    @ParameterizedTest
    @EnumSource(names = {"FLOAT16", "BFLOAT16"})
    void oneUnitBesideTheRoundedResultPassesAndFourDoNot(DType dtype) {
        RefArray ref = normal(dtype, 1);
        double unit = 2 * dtype.roundoff();
        double[] out = rounded(ref);
        out[17] += unit * Math.scalb(1.0, Math.getExponent(out[17]));
        assertThat(Comparison.of(out, ref).error()).isBetween(1e-9, tolerance(dtype));
        // Among ten thousand right elements the norm would not see it.
        out[17] = rounded(ref)[17] * (1 + 4 * unit) + 8 * unit;
        Comparison c = Comparison.of(out, ref);
        assertThat(c.error()).isGreaterThan(tolerance(dtype));
        assertThat(c.worst()).isEqualTo(17);
    }

    @Test
    void subnormalHalvesMayMissByTheirSpacingButAreNotEqual() {
        RefArray ref = normal(DType.FLOAT16, 1e-6);
        double[] out = rounded(ref);
        for (int i = 0; i < N; i++) {
            out[i] += i % 2 == 0 ? 0x1p-25 : 0;
        }
        Comparison c = Comparison.of(out, ref);
        assertThat(c.error()).isPositive().isLessThan(tolerance(DType.FLOAT16));
        out[5] += 0x1p-20;
        assertThat(Comparison.of(out, ref).error()).isGreaterThan(tolerance(DType.FLOAT16));
    }

    @Test
    void overflowIsInfinityInFloat16() {
        assertThat(Rounding.round(65519.9, DType.FLOAT16)).isEqualTo(65504);
        assertThat(Rounding.round(65520, DType.FLOAT16)).isEqualTo(Double.POSITIVE_INFINITY);
        assertThat(Rounding.round(-1e6, DType.FLOAT16)).isEqualTo(Double.NEGATIVE_INFINITY);
        assertThat(Rounding.round(1e38, DType.BFLOAT16)).isFinite();
        assertThat(Rounding.round(Double.NaN, DType.BFLOAT16)).isNaN();
        RefArray ref = new RefArray(TensorSpec.of(DType.FLOAT16, 2), new double[] {7e4, 1});
        double[] infinite = {Double.POSITIVE_INFINITY, 1};
        assertThat(Comparison.of(infinite, ref).error()).isZero();
        assertThat(Comparison.of(new double[] {65504, 1}, ref).error()).isInfinite();
    }

    @Test
    void casesInHalvesDrawRoundedInputs() {
        Case c = Case.of("a", new Expand(TensorSpec.f32(3).shape())).in(TensorSpec.f32(3));
        List<Case> all = Case.withHalves(List.of(c), "a");
        assertThat(all).extracting(Case::name).containsExactly("a", "a float16", "a bfloat16");
        RefArray drawn = all.get(2).draw(3)[0];
        assertThat(drawn.spec()).isEqualTo(TensorSpec.of(DType.BFLOAT16, 3));
        assertThat(rounded(drawn)).isEqualTo(drawn.data());
        assertThat(all.get(2).tolerance(DType.BFLOAT16))
                .isEqualTo(0x1p-7 + c.tolerance(DType.FLOAT32));
        assertThatThrownBy(() -> Case.withHalves(List.of(c), "b")).hasMessageContaining("[b]");
    }
}
