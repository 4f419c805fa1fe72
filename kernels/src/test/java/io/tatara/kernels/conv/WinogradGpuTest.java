package io.tatara.kernels.conv;

import static org.assertj.core.api.Assertions.assertThat;

import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.OpEntry;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.check.Case;
import io.tatara.kernels.check.Data;
import io.tatara.kernels.gpu.GpuKernel;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuTraits;
import io.tatara.kernels.pointwise.Activation;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * Winograd's form on CUDA under emulation at sizes that {@code supports} leaves to other kernels:
 * padding on any side and more than the kernel needs, ragged tiles and channels, images in rounds,
 * what is not finite, with the tiles that devices of several sizes get; and where it is chosen.
 * {@code -Dtatara.case} picks by name.
 */
class WinogradGpuTest {
    private static final Data NORMAL = Data.normal();
    private static final Data ODD = NORMAL.sprinkled(397, ConvCases.SPECIAL);

    /** A layer for how many multiprocessors, with so many KiB for the tiles of a round. */
    private record Geometry(WinogradCases.Layer layer, int units, int kilobytes) {
        Geometry(String name, ConvWindow window, int units, int kilobytes, int... d) {
            this(new WinogradCases.Layer(name, window, d), units, kilobytes);
        }

        Case conv(String more, Data x, Data w) {
            Case c = layer.conv(more, Activation.NONE);
            return c.in(layer.x(), x).in(layer.weight(), w);
        }

        long most() {
            return (long) kilobytes << 10;
        }
    }

    private static List<Geometry> geometries() {
        ConvWindow u = ConvWindow.UNIT;
        return List.of(
                new Geometry("small", u.pad(1), 1, 512, 2, 2, 3, 2, 3),
                new Geometry("odd", u.pad(1), 4, 4096, 2, 19, 13, 15, 37),
                new Geometry("even", u.pad(1), 2, 4096, 1, 9, 6, 14, 34),
                new Geometry("whole", u.pad(1), 2, 4096, 2, 8, 9, 16, 12),
                new Geometry("valid", u, 2, 4096, 2, 9, 12, 11, 33),
                new Geometry("padding-2", u.pad(2), 4, 4096, 3, 5, 5, 6, 9),
                new Geometry("asymmetric", u.pad(2, 0, 1, 3), 4, 4096, 1, 6, 6, 7, 4),
                new Geometry("wide-padding", u.pad(4), 4, 4096, 2, 3, 2, 3, 5),
                new Geometry("pieces", u.pad(1), 132, 4096, 3, 130, 7, 7, 70),
                new Geometry("rounds", u.pad(1), 3, 100, 5, 7, 10, 9, 20));
    }

    private final List<DynamicTest> tests = new ArrayList<>();

    @TestFactory
    List<DynamicTest> convolutions() {
        for (Geometry g : geometries()) {
            add(g, g.conv("", NORMAL, NORMAL), conv(g));
        }
        int made = 0;
        for (Geometry g : geometries().subList(1, 4)) {
            Activation f = Activation.values()[1 + made];
            WinogradCases.Layer l = g.layer();
            Case c = l.conv("-" + f, f).in(l.x()).in(l.weight());
            Case bias = made++ == 1 ? c.absent() : c.in(TensorSpec.f32(l.d()[4]));
            add(g, bias.in(l.y()), conv(g));
        }
        for (int i : new int[] {1, 9}) {
            Geometry g = geometries().get(i);
            add(g, g.conv("-special-x", ODD, NORMAL), conv(g));
            add(g, g.conv("-special-w", NORMAL, ODD), conv(g));
        }
        return tests;
    }

    @TestFactory
    List<DynamicTest> dataGradients() {
        for (Geometry g : geometries()) {
            add(g, g.layer().data("", NORMAL, NORMAL), data(g));
        }
        Geometry g = geometries().get(5);
        add(g, g.layer().data("-special-dy", ODD, NORMAL), data(g));
        add(g, g.layer().data("-special-w", NORMAL, ODD), data(g));
        return tests;
    }

    @TestFactory
    List<DynamicTest> weightGradients() {
        for (Geometry g : geometries()) {
            add(g, g.layer().kernel("", NORMAL, NORMAL), new WinogradWeight(g.most()));
        }
        for (int i : new int[] {1, 9}) {
            Geometry g = geometries().get(i);
            Case x = g.layer().kernel("-special-x", ODD, NORMAL);
            Case dy = g.layer().kernel("-special-dy", NORMAL, ODD);
            add(g, x, new WinogradWeight(g.most()));
            add(g, dy, new WinogradWeight(g.most()));
        }
        return tests;
    }

    private static WinogradSums<Conv2d> conv(Geometry g) {
        return new WinogradSums<>(ConvImplicit.CONV.problem(), g.most());
    }

    private static WinogradSums<Conv2dDataGradient> data(Geometry g) {
        return new WinogradSums<>(ConvImplicit.DATA.problem(), g.most());
    }

    private <O extends Op> void add(Geometry g, Case c, GpuKernel<O> kernel) {
        if (c.name().contains(System.getProperty("tatara.case", ""))) {
            tests.add(DynamicTest.dynamicTest(c.toString(), () -> check(g, c, kernel)));
        }
    }

    /** Half of what the suite allows. */
    private static <O extends Op> void check(Geometry g, Case c, GpuKernel<O> kernel) {
        GpuPlan plan = EmulatedCheck.run(c, kernel, g.units(), 0.5);
        assertThat(plan.launches().size()).isGreaterThan(g.layer().name().equals("rounds") ? 3 : 2);
    }

    /** What must be exact stays with kernels that are, on small and on large chips. */
    @Test
    void exactCasesAreLeftToOthers() {
        int taken = 0;
        for (OpEntry<?> e : ConvRoom.ENTRIES) {
            for (Case c : e.cases().get()) {
                for (int units : new int[] {4, 16, 46, 132}) {
                    for (int arch : new int[] {80, 90, 120}) {
                        boolean takes = takes(e, c, GpuTraits.cuda(arch, units));
                        assertThat(takes && c.isExact()).as("%s on %d", c, units).isFalse();
                        taken += takes ? 1 : 0;
                    }
                }
            }
        }
        assertThat(taken).isGreaterThan(20);
    }

    private static <O extends Op> boolean takes(OpEntry<O> e, Case c, GpuTraits traits) {
        O op = e.type().cast(c.op());
        return e.gpu().stream()
                .filter(k -> k.supports(op, c.specs(), traits))
                .findFirst()
                .orElseThrow()
                .variant()
                .equals("winograd");
    }

    /** Rounds have all images once, in order, and stay within what they may take. */
    @Test
    void roundsAreAllImages() {
        for (int n : new int[] {1, 2, 7, 64, 255}) {
            for (long most : new long[] {200 << 10, 1 << 20, 512 << 20}) {
                TensorSpec[] in = {TensorSpec.f32(n, 8, 13, 17), TensorSpec.f32(24, 8, 3, 3)};
                ConvShape shape = new Conv2d(ConvWindow.UNIT.pad(1), 1).shape(in);
                Sums s = Sums.forward(shape, null, null, null, null, null);
                WinogradTiles t = WinogradTiles.of(s, most);
                int next = 0;
                for (WinogradTiles.Round r : t.rounds()) {
                    assertThat(r.first()).isEqualTo(next);
                    assertThat(r.images()).isPositive();
                    long floats = WinogradTiles.floats(8 + 24, t.pitch(r.images()));
                    assertThat(4 * floats).isLessThanOrEqualTo(most);
                    next += r.images();
                }
                assertThat(next).isEqualTo(n);
            }
        }
    }

    /** The layers of ResNet that cuDNN takes its own Winograd form for; one image is too few. */
    @Test
    void layersOfResNetAreTaken() {
        GpuTraits traits = GpuTraits.cuda(90, 132);
        for (int[] l : new int[][] {{64, 56}, {128, 28}, {256, 14}, {512, 7}}) {
            TensorSpec x = TensorSpec.f32(64, l[0], l[1], l[1]);
            TensorSpec w = TensorSpec.f32(l[0], l[0], 3, 3);
            ConvWindow v = ConvWindow.UNIT.pad(1);
            Conv2dDataGradient data = new Conv2dDataGradient(v, 1, l[1], l[1]);
            Conv2dWeightGradient kernel = new Conv2dWeightGradient(v, 1, 3, 3);
            TensorSpec[] in = {x, w};
            assertThat(WinogradSums.CONV.supports(new Conv2d(v, 1), in, traits)).isTrue();
            assertThat(WinogradSums.DATA.supports(data, in, traits)).isTrue();
            TensorSpec[] both = {x, x};
            assertThat(WinogradWeight.WEIGHT.supports(kernel, both, traits)).isTrue();
            TensorSpec[] half = {x.withDType(DType.FLOAT16), w};
            assertThat(WinogradSums.CONV.supports(new Conv2d(v, 1), half, traits)).isFalse();
        }
        // From these batches on, as docs/cuda.md has it.
        assertThat(least(64, 56, traits)).containsExactly(2, 2);
        assertThat(least(128, 28, traits)).containsExactly(1, 2);
        assertThat(least(256, 14, traits)).containsExactly(4, 2);
        assertThat(least(512, 7, traits)).containsExactly(16, 8);
        TensorSpec[] one = {TensorSpec.f32(1, 512, 7, 7), TensorSpec.f32(512, 512, 3, 3)};
        Conv2d op = new Conv2d(ConvWindow.UNIT.pad(1), 1);
        assertThat(WinogradSums.CONV.supports(op, one, traits)).isFalse();
        assertThat(WinogradSums.CONV.supports(op, one, GpuTraits.cuda(75, 132))).isFalse();
    }

    /** The least powers of two of images with which convolution and weight gradient are taken. */
    private static int[] least(int channels, int size, GpuTraits traits) {
        ConvWindow v = ConvWindow.UNIT.pad(1);
        int[] least = new int[2];
        for (int n = 64; n >= 1; n /= 2) {
            TensorSpec x = TensorSpec.f32(n, channels, size, size);
            TensorSpec[] in = {x, TensorSpec.f32(channels, channels, 3, 3)};
            TensorSpec[] both = {x, x};
            Conv2dWeightGradient kernel = new Conv2dWeightGradient(v, 1, 3, 3);
            least[0] = WinogradSums.CONV.supports(new Conv2d(v, 1), in, traits) ? n : least[0];
            least[1] = WinogradWeight.WEIGHT.supports(kernel, both, traits) ? n : least[1];
        }
        return least;
    }
}
