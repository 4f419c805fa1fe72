package io.tatara.kernels.pad;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tatara.kernels.OpException;
import io.tatara.kernels.Shape;
import io.tatara.kernels.TensorSpec;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What padding refuses, and the shapes that it gives. */
class PadTest {
    private static Pad of(PadMode mode, int before, int after) {
        return new Pad(List.of(before), List.of(after), mode, 0);
    }

    @Test
    void shapes() {
        TensorSpec x = TensorSpec.f32(2, 3, 5, 7);
        assertThat(Pad.zeros(1, 2, 3, 4).infer(x)[0]).isEqualTo(TensorSpec.f32(2, 3, 8, 14));
        assertThat(of(PadMode.REFLECT, 4, 4).infer(TensorSpec.f32(5))[0])
                .isEqualTo(TensorSpec.f32(13));
    }

    @Test
    void wrongNumbersAreRefused() {
        assertThatThrownBy(() -> of(PadMode.EDGE, -1, 0))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("before");
        assertThatThrownBy(() -> of(PadMode.EDGE, 0, -1))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("after");
        assertThatThrownBy(() -> new Pad(List.of(1), List.of(), PadMode.EDGE, 0))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("after");
        assertThatThrownBy(() -> new Pad(List.of(1), List.of(1), PadMode.EDGE, 3))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("value");
        List<Integer> seven = Collections.nCopies(7, 0);
        assertThatThrownBy(() -> new Pad(seven, seven, PadMode.EDGE, 0))
                .isInstanceOf(OpException.class);
        List<Integer> one = List.of(1);
        assertThatThrownBy(() -> new PadGradient(Shape.of(3), one, one, PadMode.CONSTANT))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("mode");
    }

    @Test
    void wrongTensorsAreRefused() {
        assertThatThrownBy(() -> of(PadMode.REFLECT, 5, 0).infer(TensorSpec.f32(5)))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("more than 5 on axis 0");
        assertThatThrownBy(() -> of(PadMode.EDGE, 1, 0).infer(TensorSpec.f32(0)))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("an element on axis 0");
        assertThatThrownBy(() -> of(PadMode.EDGE, 1, 0).infer(TensorSpec.f32(3, 3)))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("rank 1");
        assertThatThrownBy(
                        () -> of(PadMode.CONSTANT, Integer.MAX_VALUE, 1).infer(TensorSpec.f32(3)))
                .isInstanceOf(OpException.class);
        Pad half = new Pad(List.of(1), List.of(1), PadMode.CONSTANT, 0.5);
        assertThatThrownBy(() -> half.infer(TensorSpec.i32(3)))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("whole number");
        PadGradient gradient =
                new PadGradient(Shape.of(3), List.of(1), List.of(1), PadMode.REFLECT);
        assertThatThrownBy(() -> gradient.infer(TensorSpec.f32(4)))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("dy");
    }
}
