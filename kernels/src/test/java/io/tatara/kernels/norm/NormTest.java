package io.tatara.kernels.norm;

import static io.tatara.kernels.check.OnJvm.floats;
import static io.tatara.kernels.check.OnJvm.ints;
import static io.tatara.kernels.check.OnJvm.run;
import static io.tatara.kernels.check.OnJvm.vector;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.tatara.kernels.OpException;
import io.tatara.kernels.RefArray;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.check.OnJvm;
import io.tatara.kernels.check.ReferenceEmitter;
import io.tatara.kernels.pointwise.Expr;
import io.tatara.kernels.pointwise.Exprs;
import io.tatara.kernels.pointwise.Pointwise;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class NormTest {
    @Test
    void knownRows() {
        RefArray x = vector(1, 2, 3, 6);
        double r = 1 / Math.sqrt(3.5 + 0.5);
        RefArray[] y =
                run(new LayerNorm(0.5f, 0), x, null, vector(1, 1, 2, 1), vector(0, 1, 0, 0), null);
        assertThat(y).hasSize(2);
        assertThat(y[0].data())
                .containsExactly(new double[] {-2 * r, 1 - r, 0, 3 * r}, within(1e-6));
        assertThat(y[1].data()).containsExactly(new double[] {3, r}, within(1e-6));
        RefArray[] z = run(new RmsNorm(0, 0), vector(3, -4), null, null, null);
        double q = 1 / Math.sqrt(12.5);
        assertThat(z[0].data()).containsExactly(new double[] {3 * q, -4 * q}, within(1e-6));
    }

    /**
     * Float32 keeps 1e4 ± 1 to 1/1024; a result from its rounded mean would be off by some 1e-4.
     */
    @Test
    void rowsFarFromZeroKeepTheirDigits() {
        double[] data = new double[1000];
        for (int i = 0; i < data.length; i++) {
            data[i] = (float) (1e4 + Math.sin(i));
        }
        RefArray x = new RefArray(TensorSpec.f32(1000), data);
        LayerNorm op = new LayerNorm(0, 0);
        double[] want = new ReferenceEmitter().run(op, x, null, null, null, null)[0].data();
        double[] got = run(op, x, null, null, null, null)[0].data();
        assertThat(got).containsExactly(want, within(2e-6));
    }

    /** Kept and dropped elements are those of the pointwise dropout with the same seed. */
    @Test
    void dropsWhatPointwiseDropoutDrops() {
        RefArray x =
                floats(
                        TensorSpec.f32(7, 301),
                        IntStream.rangeClosed(1, 7 * 301).asDoubleStream().toArray());
        RefArray seed = ints(5, 9);
        double[] z = run(new LayerNorm(1e-5f, 0.3f, true), x, null, null, null, seed)[2].data();
        Pointwise dropout = new Pointwise(Exprs.dropout(new Expr.Input(0), 1, 0.3f), 2);
        assertThat(z).isEqualTo(OnJvm.run(dropout, x, seed)[0].data());
        assertThat(Arrays.stream(z).filter(v -> v == 0).count()).isBetween(550L, 720L);
    }

    @Test
    void wrongCallsAreRefused() {
        TensorSpec x = TensorSpec.f32(2, 3);
        assertThatThrownBy(() -> new LayerNorm(-1, 0))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("epsilon");
        assertThatThrownBy(() -> new RmsNorm(0, 1.5f))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("dropout");
        assertThatThrownBy(() -> new LayerNorm(0, 0.5f).infer(x, null, null, null, null))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("seed");
        assertThatThrownBy(() -> new LayerNorm(0, 0, true).infer(x, null, null, null, null))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("sum");
        assertThatThrownBy(() -> new LayerNorm(0, 0).infer(x, null, TensorSpec.f32(2), null, null))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("scale");
    }
}
