package io.tatara.kernels.conv;

import static io.tatara.kernels.conv.Numbers.floats;
import static io.tatara.kernels.conv.Numbers.normal;
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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The transforms against plain sums in double, at extents that cut tiles and panels anywhere. */
class WinogradTest {
    private static final Finish NOTHING = new Finish(Activation.NONE, null, null);

    /** Channels in and out of a group, groups, images, height, width, padding on four sides. */
    record Draw(int in, int out, int groups, int n, int h, int w, List<Integer> pad) {
        ConvWindow window() {
            return ConvWindow.UNIT.pad(pad.get(0), pad.get(1), pad.get(2), pad.get(3));
        }
    }

    static Stream<Draw> draws() {
        SplittableRandom r = new SplittableRandom(3);
        List<Draw> all = new ArrayList<>();
        for (int i = 0; i < 24; i++) {
            List<Integer> pad = new ArrayList<>();
            for (int k = 0; k < 4; k++) {
                pad.add(r.nextInt(3));
            }
            int groups = 1 + r.nextInt(2);
            int[] c = {24 + r.nextInt(20), 24 + r.nextInt(20)};
            all.add(
                    new Draw(
                            c[0],
                            c[1],
                            groups,
                            1 + r.nextInt(4),
                            3 + r.nextInt(30),
                            3 + r.nextInt(60),
                            List.copyOf(pad)));
        }
        // One row of tiles, one column of them, more tiles than a thread takes at a time.
        all.add(new Draw(24, 24, 1, 3, 4, 120, List.of(1, 1, 1, 1)));
        all.add(new Draw(25, 24, 1, 3, 120, 4, List.of(1, 1, 1, 1)));
        all.add(new Draw(24, 26, 1, 7, 36, 39, List.of(1, 1, 1, 1)));
        return all.stream();
    }

    @ParameterizedTest
    @MethodSource("draws")
    void tilesAreThePlainSums(Draw d) {
        assumeTrue(WinogradLines.of(Contexts.of(true, Workers.SERIAL)) != null, "no vector unit");
        SplittableRandom r = new SplittableRandom(d.hashCode());
        RefArray x = normal(r, d.n(), d.groups() * d.in(), d.h(), d.w());
        RefArray w = normal(r, d.groups() * d.out(), d.in(), 3, 3);
        Conv2d op = new Conv2d(d.window(), d.groups());
        ReferenceEmitter e = new ReferenceEmitter();
        RefArray y = e.run(op, x, w)[0];
        ConvShape shape = op.shape(new TensorSpec[] {x.spec(), w.spec()});
        Conv2dDataGradient back = new Conv2dDataGradient(d.window(), d.groups(), d.h(), d.w());
        RefArray dy = normal(r, y.spec().shape().toArray());
        RefArray dx = e.run(back, dy, w)[0];
        for (Workers workers : new Workers[] {Workers.SERIAL, Contexts.PARALLEL}) {
            JvmContext ctx = Contexts.of(true, workers);
            float[] out = new float[y.data().length];
            run(Sums.forward(shape, floats(x), floats(w), null, out, NOTHING), ctx);
            close(out, y, 9 * d.in());
            float[] into = new float[dx.data().length];
            run(Sums.gradient(shape, floats(dy), floats(w), null, into, NOTHING), ctx);
            close(into, dx, 9 * d.out());
        }
    }

    private static void run(Sums s, JvmContext ctx) {
        Arrays.fill(s.y(), Float.NaN);
        if (!Winograd.suits(s, ctx)) {
            DenseConv.run(s, ctx);
            return;
        }
        for (int g = 0; g < s.shape().groups(); g++) {
            assertThat(new Winograd(s, g, ctx).run()).isTrue();
        }
    }

    private static void close(float[] got, RefArray want, int terms) {
        double off = 0;
        double all = 0;
        for (int i = 0; i < got.length; i++) {
            double difference = got[i] - want.data()[i];
            off += difference * difference;
            all += want.data()[i] * want.data()[i];
        }
        // Half of what the suite allows.
        double allowed = Math.scalb(8 + 2 * Math.sqrt(terms), -24) / 2;
        assertThat(Math.sqrt(off / all)).isLessThan(allowed);
    }

    /** Otherwise most of the above would be about the plain sums. */
    @Test
    void mostDrawsAreTiles() {
        JvmContext ctx = Contexts.of(true, Workers.SERIAL);
        assumeTrue(WinogradLines.of(ctx) != null, "no vector unit");
        long tiles =
                draws().filter(
                                d -> {
                                    Conv2d op = new Conv2d(d.window(), d.groups());
                                    int[] x = {d.n(), d.groups() * d.in(), d.h(), d.w()};
                                    int[] w = {d.groups() * d.out(), d.in(), 3, 3};
                                    TensorSpec[] in = {TensorSpec.f32(x), TensorSpec.f32(w)};
                                    ConvShape s = op.shape(in);
                                    return Winograd.suits(
                                            Sums.forward(s, null, null, null, null, NOTHING), ctx);
                                })
                        .count();
        assertThat(tiles).isGreaterThan(14);
    }
}
