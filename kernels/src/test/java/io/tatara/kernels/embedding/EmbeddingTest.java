package io.tatara.kernels.embedding;

import static io.tatara.kernels.check.OnJvm.floats;
import static io.tatara.kernels.check.OnJvm.ints;
import static io.tatara.kernels.check.OnJvm.run;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tatara.kernels.OpException;
import io.tatara.kernels.RefArray;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.check.ReferenceEmitter;
import org.junit.jupiter.api.Test;

class EmbeddingTest {
    private static final RefArray TABLE = floats(TensorSpec.f32(3, 2), 1, 2, 3, 4, 5, 6);

    @Test
    void readsRows() {
        double nan = Double.NaN;
        assertThat(run(new Embedding(-1), TABLE, ints(2, 0, 3, -1))[0].data())
                .containsExactly(5, 6, 1, 2, nan, nan, nan, nan);
    }

    @Test
    void paddingIsReadButGetsNoGradient() {
        RefArray ids = ints(0, 2, 0, 2, 1);
        assertThat(run(new Embedding(0), TABLE, ids)[0].data()).startsWith(1, 2, 5, 6);
        RefArray dy = floats(TensorSpec.f32(5, 2), 1, 1, 2, 3, 1, 1, 4, 5, 7, 8);
        assertThat(run(new EmbeddingGradient(3, 0), ids, dy)[0].data())
                .containsExactly(0, 0, 7, 8, 6, 8);
        RefArray[] in = {TABLE, ids};
        ReferenceEmitter ref = new ReferenceEmitter();
        RefArray[] g =
                ref.gradient(
                        new Embedding(0),
                        in,
                        ref.run(new Embedding(0), in),
                        new RefArray[] {dy},
                        new boolean[] {true, false});
        assertThat(g[0].data()).containsExactly(0, 0, 7, 8, 6, 8);
        assertThat(g[1]).isNull();
    }

    @Test
    void sumsInOrderOfPosition() {
        // In any other order the small number would be lost or kept differently.
        RefArray ids = ints(1, 1, 1);
        RefArray dy = floats(TensorSpec.f32(3, 1), 1, 1e8, -1e8);
        assertThat(run(new EmbeddingGradient(2, -1), ids, dy)[0].data()).containsExactly(0, 0);
        RefArray other = floats(TensorSpec.f32(3, 1), 1e8, -1e8, 1);
        assertThat(run(new EmbeddingGradient(2, -1), ids, other)[0].data()).containsExactly(0, 1);
    }

    @Test
    void wrongCalls() {
        TensorSpec table = TensorSpec.f32(3, 2);
        assertThatThrownBy(() -> new Embedding(-2))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("paddingIndex");
        assertThatThrownBy(() -> new Embedding(3).infer(table, TensorSpec.i32(1)))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("paddingIndex");
        assertThatThrownBy(() -> new Embedding(-1).infer(table, TensorSpec.f32(1)))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("'ids'");
        assertThatThrownBy(() -> new Embedding(-1).infer(TensorSpec.f32(3), TensorSpec.i32(1)))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("'table'");
        assertThatThrownBy(() ->
                        new EmbeddingGradient(3, -1).infer(TensorSpec.i32(4), TensorSpec.f32(3, 2)))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("'dy'");
    }
}
