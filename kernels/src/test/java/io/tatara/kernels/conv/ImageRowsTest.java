package io.tatara.kernels.conv;

import static io.tatara.kernels.conv.Numbers.floats;
import static io.tatara.kernels.conv.Numbers.whole;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.tatara.kernels.RefArray;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.check.ReferenceEmitter;
import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.jvm.Workers;
import io.tatara.kernels.matmul.Contexts;
import io.tatara.kernels.pointwise.Activation;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Rows read as they stand against plain sums in double, at extents that cut tiles anywhere. */
class ImageRowsTest {
    static IntStream seeds() {
        return IntStream.range(0, 24);
    }

    /** Small whole numbers: results are equal, not nearly so. */
    @ParameterizedTest
    @MethodSource("seeds")
    void rowsAreThePlainSums(int seed) {
        assumeTrue(RowTiles.of(Contexts.of(true, Workers.SERIAL)) != null, "no vector unit");
        SplittableRandom r = new SplittableRandom(seed);
        int groups = 1 + r.nextInt(2);
        int in = 1 + r.nextInt(3);
        int out = 1 + r.nextInt(20);
        int[] taps = {1 + r.nextInt(5), 1 + r.nextInt(5)};
        ConvWindow v =
                ConvWindow.UNIT
                        .stride(1 + r.nextInt(3), 1 + r.nextInt(3))
                        .dilation(1 + r.nextInt(2), 1 + r.nextInt(2))
                        .pad(r.nextInt(4), r.nextInt(4), r.nextInt(4), r.nextInt(4));
        int n = 1 + r.nextInt(2);
        RefArray x = whole(r, n, groups * in, 9 + r.nextInt(24), 9 + r.nextInt(120));
        RefArray w = whole(r, groups * out, in, taps[0], taps[1]);
        RefArray bias = whole(r, groups * out);
        Conv2d op = new Conv2d(v, groups);
        RefArray y = new ReferenceEmitter().run(op, x, w)[0];
        ConvShape shape = op.shape(new TensorSpec[] {x.spec(), w.spec()});
        RefArray residual = whole(r, y.spec().shape().toArray());
        int pixels = shape.ho() * shape.wo();
        Finish finish = new Finish(Activation.RELU, floats(bias), floats(residual));
        float[] got = new float[y.data().length];
        for (Workers workers : new Workers[] {Workers.SERIAL, Contexts.PARALLEL}) {
            JvmContext ctx = Contexts.of(true, workers);
            Arrays.fill(got, Float.NaN);
            Sums s = Sums.forward(shape, floats(x), floats(w), null, got, finish);
            for (int g = 0; g < groups; g++) {
                new ImageRows(s, g, ctx).run();
            }
            for (int i = 0; i < got.length; i++) {
                double sum = y.data()[i] + bias.data()[i / pixels % shape.m()];
                double want = Math.max(0, sum) + residual.data()[i];
                assertThat((double) got[i]).as("element " + i).isEqualTo(want);
            }
        }
    }
}
