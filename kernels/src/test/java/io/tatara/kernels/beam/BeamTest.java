package io.tatara.kernels.beam;

import static io.tatara.kernels.TensorSpec.f32;
import static io.tatara.kernels.TensorSpec.i32;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.tatara.kernels.OpException;
import io.tatara.kernels.RefArray;
import io.tatara.kernels.check.ReferenceEmitter;
import org.junit.jupiter.api.Test;

/** Steps computed by hand, and wrong calls. */
class BeamTest {
    private static final double NONE = Double.NEGATIVE_INFINITY;

    private static RefArray[] step(BeamStep op, double[] x, double[] scores, int[] done, int[] n) {
        int beams = scores.length;
        int[] shape = {1, beams, x.length / beams};
        return new ReferenceEmitter()
                .run(
                        op,
                        new RefArray(f32(shape), x),
                        new RefArray(f32(1, beams), scores),
                        ints(done),
                        ints(n));
    }

    private static RefArray ints(int[] v) {
        double[] d = new double[v.length];
        for (int i = 0; i < v.length; i++) {
            d[i] = v[i];
        }
        return new RefArray(i32(1, v.length), d);
    }

    @Test
    void theBestOfAllContinuationsGoOn() {
        double[] x = {-1, -3, -2, -1, -0.5, -4};
        RefArray[] s =
                step(
                        new BeamStep(3, 0, 2, false),
                        x,
                        new double[] {-1, -2},
                        new int[2],
                        new int[2]);
        assertThat(s[0].data()).containsExactly(-2, -2.5, -3);
        assertThat(s[1].data()).containsExactly(0, 1, 0);
        // -3 is beam 0's token 2 and beam 1's token 0: the lower beam comes first.
        assertThat(s[2].data()).containsExactly(0, 1, 2);
        assertThat(s[3].data()).containsExactly(0, 0, 1);
        assertThat(s[4].data()).containsExactly(1, 1, 1);
    }

    /** (5 + 1) / 6 = 1 and (5 + 7) / 6 = 2: a longer hypothesis wins with a lower score. */
    @Test
    void scoresAreDividedByTheLengthsPenalty() {
        double[] x = {-1, -9, -2, -9};
        RefArray[] s =
                step(
                        new BeamStep(2, 1, 1, false),
                        x,
                        new double[] {-2, -3},
                        new int[2],
                        new int[] {0, 6});
        assertThat(s[1].data()).containsExactly(1, 0);
        assertThat(s[0].data()).containsExactly(-5, -3);
        assertThat(s[4].data()).containsExactly(7, 1);
    }

    @Test
    void finishedHypothesesStayAsTheyAre() {
        double[] x = {0, 0, 0, -1, -2, -3};
        RefArray[] s =
                step(
                        new BeamStep(3, 0, 1, false),
                        x,
                        new double[] {-2.5, -1},
                        new int[] {1, 0},
                        new int[] {4, 5});
        assertThat(s[0].data()).containsExactly(-2, -2.5, -3);
        assertThat(s[1].data()).containsExactly(1, 0, 1);
        assertThat(s[2].data()).containsExactly(0, 1, 1);
        assertThat(s[3].data()).containsExactly(0, 1, 1);
        assertThat(s[4].data()).containsExactly(6, 4, 6);
    }

    @Test
    void logitsAreNormalised() {
        double[] x = {Math.log(2), Math.log(6), NONE};
        RefArray[] s = step(new BeamStep(3, 0, 0, true), x, new double[1], new int[1], new int[1]);
        assertThat(s[0].data()[0]).isCloseTo(Math.log(0.75), within(1e-12));
        assertThat(s[0].data()[1]).isCloseTo(Math.log(0.25), within(1e-12));
        assertThat(s[0].data()[2]).isEqualTo(NONE);
        assertThat(s[2].data()).containsExactly(1, 0, 2);
    }

    @Test
    void wrongCallsSayWhatIsWrong() {
        assertThatThrownBy(() -> new BeamStep(0, 0, 0, true)).hasMessageContaining("'results'");
        assertThatThrownBy(() -> new BeamStep(1, Float.NaN, 0, true))
                .hasMessageContaining("'lengthPenalty'");
        assertThatThrownBy(() -> new BeamStep(1, 0, -1, true)).hasMessageContaining("'endToken'");
        BeamStep op = new BeamStep(4, 0, 2, true);
        assertThatThrownBy(() -> op.infer(f32(2, 1, 3), f32(2, 1), i32(2, 1), i32(2, 1)))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("'logProbs'");
        assertThatThrownBy(() -> op.infer(f32(2, 2, 2), f32(2, 2), i32(2, 2), i32(2, 2)))
                .hasMessageContaining("'endToken'");
        assertThatThrownBy(() -> op.infer(f32(2, 2, 3), f32(2, 3), i32(2, 2), i32(2, 2)))
                .hasMessageContaining("'scores'");
        assertThatThrownBy(() -> op.infer(f32(2, 2, 3), f32(2, 2), f32(2, 2), i32(2, 2)))
                .hasMessageContaining("'finished'");
        assertThatThrownBy(() -> op.infer(f32(2, 2, 3), f32(2, 2), i32(2, 2), i32(2, 2), f32(2)))
                .hasMessageContaining("'mask'");
    }
}
