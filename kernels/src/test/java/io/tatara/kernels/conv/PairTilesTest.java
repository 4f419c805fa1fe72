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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Tiles of 2 × 2 pixels against plain sums in double, at extents that cut tiles anywhere. */
class PairTilesTest {
    /** Stride, channels in and out of a group, groups, images, height, width, padding. */
    record Draw(int stride, int in, int out, int groups, int n, int h, int w, List<Integer> pad) {
        ConvWindow window() {
            ConvWindow v = ConvWindow.UNIT.stride(stride);
            return v.pad(pad.get(0), pad.get(1), pad.get(2), pad.get(3));
        }

        TensorSpec x() {
            return TensorSpec.f32(n, groups * in, h, w);
        }

        TensorSpec weight() {
            return TensorSpec.f32(groups * out, in, 3, 3);
        }
    }

    static Stream<Draw> draws() {
        SplittableRandom r = new SplittableRandom(5);
        List<Draw> all = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            List<Integer> pad = new ArrayList<>();
            for (int k = 0; k < 4; k++) {
                pad.add(r.nextInt(3));
            }
            all.add(
                    new Draw(
                            1 + i % 2,
                            1 + r.nextInt(9),
                            1 + r.nextInt(40),
                            1 + r.nextInt(2),
                            1 + r.nextInt(3),
                            3 + r.nextInt(20),
                            3 + r.nextInt(30),
                            List.copyOf(pad)));
        }
        List<Integer> one = List.of(1, 1, 1, 1);
        // Two pieces of a kernel, depths that are cut, rows that a thread has for itself.
        all.add(new Draw(1, 20, 140, 1, 1, 7, 7, one));
        all.add(new Draw(2, 270, 33, 1, 1, 6, 8, one));
        all.add(new Draw(2, 64, 64, 1, 5, 40, 33, one));
        return all.stream();
    }

    @BeforeEach
    void onlyWithVectors() {
        assumeTrue(PairLines.of(Contexts.of(true, Workers.SERIAL)) != null, "no vector unit");
    }

    /** Small whole numbers: no step rounds, so that results are equal, not nearly so. */
    @ParameterizedTest
    @MethodSource("draws")
    void tilesAreThePlainSums(Draw d) {
        SplittableRandom r = new SplittableRandom(d.hashCode());
        RefArray x = whole(r, d.x().shape().toArray());
        RefArray w = whole(r, d.weight().shape().toArray());
        RefArray bias = whole(r, d.groups() * d.out());
        Conv2d op = new Conv2d(d.window(), d.groups());
        RefArray y = new ReferenceEmitter().run(op, x, w)[0];
        ConvShape shape = op.shape(new TensorSpec[] {d.x(), d.weight()});
        RefArray residual = whole(r, y.spec().shape().toArray());
        int pixels = shape.ho() * shape.wo();
        double[] want = new double[y.data().length];
        for (int i = 0; i < want.length; i++) {
            double sum = y.data()[i] + bias.data()[i / pixels % shape.m()];
            want[i] = Math.max(0, sum) + residual.data()[i];
        }
        Finish finish = new Finish(Activation.RELU, floats(bias), floats(residual));
        for (Workers workers : new Workers[] {Workers.SERIAL, Contexts.PARALLEL}) {
            float[] out = new float[want.length];
            run(Sums.forward(shape, floats(x), floats(w), null, out, finish), workers);
            for (int i = 0; i < want.length; i++) {
                assertThat((double) out[i]).as("element " + i).isEqualTo(want[i]);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("draws")
    void dataGradientsOfStrideOneAreThePlainSums(Draw d) {
        assumeTrue(d.stride() == 1, "a place within the stride has fewer taps");
        SplittableRandom r = new SplittableRandom(d.hashCode());
        RefArray w = whole(r, d.weight().shape().toArray());
        Conv2d op = new Conv2d(d.window(), d.groups());
        ConvShape shape = op.shape(new TensorSpec[] {d.x(), d.weight()});
        RefArray dy = whole(r, d.n(), d.groups() * d.out(), shape.ho(), shape.wo());
        Conv2dDataGradient back = new Conv2dDataGradient(d.window(), d.groups(), d.h(), d.w());
        RefArray dx = new ReferenceEmitter().run(back, dy, w)[0];
        Finish nothing = new Finish(Activation.NONE, null, null);
        float[] out = new float[dx.data().length];
        run(Sums.gradient(shape, floats(dy), floats(w), null, out, nothing), Workers.SERIAL);
        for (int i = 0; i < out.length; i++) {
            assertThat((double) out[i]).as("element " + i).isEqualTo(dx.data()[i]);
        }
    }

    private static void run(Sums s, Workers workers) {
        JvmContext ctx = Contexts.of(true, workers);
        Arrays.fill(s.y(), Float.NaN);
        for (int g = 0; g < s.shape().groups(); g++) {
            assertThat(new PairTiles(s, g, ctx).run()).isTrue();
        }
    }

    /** A tile would carry an infinity to pixels that do not see it. */
    @Test
    void anInfinityIsLeftToPlainSums() {
        Draw d = new Draw(2, 2, 3, 1, 1, 9, 9, List.of(1, 1, 1, 1));
        RefArray x = whole(new SplittableRandom(1), d.x().shape().toArray());
        x.data()[40] = Double.NEGATIVE_INFINITY;
        RefArray w = whole(new SplittableRandom(2), d.weight().shape().toArray());
        Conv2d op = new Conv2d(d.window(), 1);
        ConvShape shape = op.shape(new TensorSpec[] {d.x(), d.weight()});
        Finish relu = new Finish(Activation.RELU, null, null);
        float[] out = new float[3 * shape.ho() * shape.wo()];
        JvmContext ctx = Contexts.of(true, Workers.SERIAL);
        Sums s = Sums.forward(shape, floats(x), floats(w), null, out, relu);
        assertThat(new PairTiles(s, 0, ctx).run()).isFalse();
    }

    /** Otherwise the suites' cases would be about other paths. */
    @Test
    void manyTilesOfManyChannelsAreServed() {
        JvmContext ctx = Contexts.of(true, Workers.SERIAL);
        for (int size : new int[] {7, 64}) {
            Draw d = new Draw(2, 64, 64, 1, 1, size, size, List.of(1, 1, 1, 1));
            ConvShape s = new Conv2d(d.window(), 1).shape(new TensorSpec[] {d.x(), d.weight()});
            Finish nothing = new Finish(Activation.NONE, null, null);
            Sums sums = Sums.forward(s, null, null, null, null, nothing);
            assertThat(PairTiles.suits(sums, ctx)).as("%d pixels", size).isEqualTo(size == 64);
        }
    }
}
