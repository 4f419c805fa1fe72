package io.tatara.kernels.conv;

import static org.assertj.core.api.Assertions.assertThat;

import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.check.Case;
import io.tatara.kernels.check.Data;
import io.tatara.kernels.gpu.GpuKernel;
import io.tatara.kernels.gpu.GpuTraits;
import io.tatara.kernels.matmul.Epilogue;
import io.tatara.kernels.matmul.LineForm;
import io.tatara.kernels.pointwise.Activation;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * Shifted products straight from images under emulation, at sizes that {@code supports} leaves to
 * other kernels: any padding and dilation, strides of 1 and 2, odd and even lines, ragged channels,
 * several tiles a block. {@code -Dtatara.case} picks by name.
 */
class LinesHopperTest {
    private static List<Geometry> geometries() {
        ConvWindow u = ConvWindow.UNIT;
        List<Geometry> all = new ArrayList<>(Geometry.common());
        all.addAll(Geometry.halving());
        all.addAll(
                List.of(
                        new Geometry("3x3-odd", u.pad(1), 2, 3, 130, 7, 7, 70, 3, 3),
                        new Geometry("3x3-side", u.pad(1), 1, 2, 66, 9, 28, 64, 3, 3),
                        new Geometry("3x3-side-odd", u.pad(1), 2, 3, 40, 15, 15, 60, 3, 3),
                        new Geometry("1x3", u.pad(0, 0, 1, 1), 2, 3, 66, 5, 9, 130, 1, 3),
                        new Geometry(
                                "far", u.pad(0, 0, 8, 8).dilation(1, 8), 1, 2, 64, 3, 40, 34, 1, 3),
                        new Geometry("5x5", u.pad(2), 2, 2, 70, 9, 12, 72, 5, 5),
                        new Geometry(
                                "stride-2-even", u.stride(2).pad(1), 2, 3, 72, 12, 20, 150, 3, 3),
                        new Geometry(
                                "stride-2-line", u.stride(2).pad(1), 2, 5, 66, 16, 14, 40, 3, 3),
                        new Geometry("stride-2x1", u.stride(2, 1).pad(1), 4, 2, 20, 9, 8, 40, 3, 3),
                        new Geometry(
                                "stride-1x2", u.stride(1, 2).pad(1), 4, 2, 20, 9, 8, 40, 3, 3)));
        return all;
    }

    private static Geometry pointwiseStride() {
        return new Geometry(
                "pointwise-stride-2", ConvWindow.UNIT.stride(2), 4, 2, 16, 7, 8, 9, 1, 1);
    }

    private final List<DynamicTest> tests = new ArrayList<>();

    @TestFactory
    List<DynamicTest> convolutions() {
        List<Geometry> all = new ArrayList<>(geometries());
        all.add(pointwiseStride());
        for (Geometry g : all) {
            Case c = Case.of(g.name(), new Conv2d(g.window(), 1)).in(g.x()).in(g.weight());
            add(g, c.reduction(g.terms()), LinesHopper.CONV);
        }
        Geometry g = geometries().get(1);
        Case c = Case.of("3x3-relu", new Conv2d(g.window(), 1, new Epilogue(Activation.RELU)));
        c = c.in(g.x()).in(g.weight()).in(TensorSpec.f32(g.d()[4])).in(g.y());
        add(g, c.reduction(9 * g.d()[1]), LinesHopper.CONV);
        Data odd = Data.normal().sprinkled(397, ConvCases.SPECIAL);
        Case s = Case.of("specials", new Conv2d(g.window(), 1)).in(g.x(), odd).in(g.weight());
        add(g, s.reduction(9 * g.d()[1]), LinesHopper.CONV);
        return tests;
    }

    @TestFactory
    List<DynamicTest> dataGradients() {
        for (Geometry g : geometries()) {
            Op op = new Conv2dDataGradient(g.window(), 1, g.d()[2], g.d()[3]);
            Case c = Case.of(g.name(), op).in(g.y()).in(g.weight());
            add(g, c.reduction(g.d()[4] * g.d()[5] * g.d()[6]), LinesHopper.DATA);
        }
        return tests;
    }

    /** Every form of tile, those of single blocks also back, with a stride. */
    @TestFactory
    List<DynamicTest> forms() {
        ConvWindow u = ConvWindow.UNIT.pad(1);
        for (LineForm f : LineForm.all()) {
            int columns = f.side() ? 2 * f.bn() : f.bn();
            if (columns > 384 || f.raw() && (f.bn() > 160 || columns > 320)) {
                continue; // no room, or for nothing that reaches so far
            }
            int units = f.split() > 1 ? 132 : f.cluster();
            int channels = f.split() > 1 ? 60 * f.split() : 70;
            Geometry g = new Geometry(f + "", u, units, 3, channels, 12, 14, 130, 3, 3);
            Case c = Case.of(f + "", new Conv2d(u, 1)).in(g.x()).in(g.weight());
            LinesHopper<Conv2d> conv = new LinesHopper<>(LinesHopper.CONV.problem(), true, f);
            add(g, c.reduction(9 * channels), conv);
            if (f.blocks() > 1 || f.raw() && f.bn() == 64) {
                continue;
            }
            Geometry s = new Geometry(f + "", u.stride(2), f.cluster(), 2, 40, 16, 24, 70, 3, 3);
            Op op = new Conv2dDataGradient(s.window(), 1, s.d()[2], s.d()[3]);
            Case d = Case.of(f + "-stride", op).in(s.y()).in(s.weight());
            add(s, d.reduction(9 * 70), new LinesHopper<>(LinesHopper.DATA.problem(), true, f));
        }
        return tests;
    }

    /**
     * Images by way of the copy engine: lines of any length, many images in a strip, ragged blocks.
     */
    @TestFactory
    List<DynamicTest> throughTheCopyEngine() {
        ConvWindow u = ConvWindow.UNIT;
        List<Geometry> all =
                List.of(
                        new Geometry("odd-lines", u.pad(1), 2, 3, 72, 8, 7, 70, 3, 3),
                        new Geometry("small", u.pad(1), 1, 21, 40, 4, 4, 36, 3, 3),
                        new Geometry("valid", u, 2, 2, 130, 16, 13, 40, 2, 3),
                        new Geometry("far", u.pad(4).dilation(4), 4, 2, 64, 12, 12, 64, 3, 3),
                        new Geometry("one", u, 1, 1, 1, 1, 8, 1, 1, 1));
        for (Geometry g : all) {
            for (LineForm f :
                    List.of(
                            new LineForm(64, false, 1, 1, true),
                            new LineForm(128, true, 1, 1, true))) {
                Case c = Case.of(g.name() + f, new Conv2d(g.window(), 1)).in(g.x()).in(g.weight());
                LinesHopper<Conv2d> conv = new LinesHopper<>(LinesHopper.CONV.problem(), true, f);
                add(g, c.reduction(g.terms()), conv);
            }
        }
        return tests;
    }

    /** The same with strides: of a block's lines and columns some are of another kind or phase. */
    @TestFactory
    List<DynamicTest> stridesThroughTheCopyEngine() {
        ConvWindow two = ConvWindow.UNIT.stride(2);
        List<Geometry> all =
                List.of(
                        new Geometry("even-28", two.pad(1), 2, 3, 72, 28, 28, 70, 3, 3),
                        new Geometry("even-56", two.pad(1), 2, 1, 40, 56, 56, 36, 3, 3),
                        new Geometry("wide-lines", two.pad(1), 2, 1, 9, 6, 72, 36, 3, 3),
                        new Geometry("lines-of-35", two.pad(1), 2, 2, 40, 16, 35, 36, 3, 3),
                        new Geometry("lines-of-66", two.pad(1), 2, 1, 40, 12, 66, 36, 3, 3),
                        new Geometry("two-in-eight", two.pad(1), 1, 4, 70, 12, 10, 40, 3, 3),
                        new Geometry("odd-width", two.pad(1), 1, 3, 130, 16, 13, 40, 3, 3),
                        new Geometry("odd-height", two.pad(1), 1, 3, 65, 9, 8, 40, 3, 3),
                        new Geometry("small", two.pad(1), 1, 21, 64, 4, 4, 36, 3, 3),
                        new Geometry("five", two.pad(2), 2, 2, 66, 15, 16, 40, 5, 5),
                        new Geometry("shifted", two.pad(0, 1, 3, 2), 2, 2, 33, 14, 20, 40, 4, 3),
                        new Geometry("dilated", two.pad(3).dilation(3), 2, 2, 64, 16, 18, 40, 3, 3),
                        new Geometry(
                                "dilated-2", two.pad(2).dilation(2), 2, 2, 64, 16, 18, 40, 3, 3),
                        new Geometry("pointwise", two, 2, 3, 70, 15, 8, 40, 1, 1),
                        new Geometry("pointwise-odd", two.pad(1), 2, 3, 64, 14, 12, 40, 1, 1),
                        new Geometry("row", two.pad(1, 1, 0, 0), 2, 2, 70, 14, 12, 40, 3, 1),
                        new Geometry("column", two.pad(0, 0, 1, 1), 2, 2, 70, 14, 12, 40, 1, 3),
                        new Geometry(
                                "lines-2x1",
                                ConvWindow.UNIT.stride(2, 1).pad(1),
                                2,
                                2,
                                70,
                                14,
                                12,
                                40,
                                3,
                                3),
                        new Geometry(
                                "columns-1x2",
                                ConvWindow.UNIT.stride(1, 2).pad(1),
                                2,
                                2,
                                70,
                                14,
                                12,
                                40,
                                3,
                                3));
        List<LineForm> forms =
                List.of(
                        new LineForm(64, false, 1, 1, true),
                        new LineForm(128, false, 1, 1, true),
                        new LineForm(160, false, 1, 1, true),
                        new LineForm(128, true, 1, 1, true));
        for (int i = 0; i < all.size(); i++) { // two forms each, in turn
            Geometry g = all.get(i);
            for (LineForm f : List.of(forms.get(i % 4), forms.get((i + 1 + i / 4 % 3) % 4))) {
                Case c = Case.of(g.name() + f, new Conv2d(g.window(), 1)).in(g.x()).in(g.weight());
                LinesHopper<Conv2d> conv = new LinesHopper<>(LinesHopper.CONV.problem(), true, f);
                add(g, c.reduction(g.terms()), conv);
            }
        }
        for (int split : new int[] {2, 4}) {
            LineForm f = new LineForm(64, false, 1, split, true);
            int channels = 60 * split;
            Geometry g = new Geometry(f + "", two.pad(1), 132, 3, channels, 14, 12, 130, 3, 3);
            Case c = Case.of("stride-2" + f, new Conv2d(g.window(), 1)).in(g.x()).in(g.weight());
            LinesHopper<Conv2d> conv = new LinesHopper<>(LinesHopper.CONV.problem(), true, f);
            add(g, c.reduction(g.terms()), conv);
        }
        return tests;
    }

    /**
     * Forms whose strips of two phases leave less room for blocks of pixels are offered as well,
     * and one is chosen; not so where planes are no whole 16 bytes.
     */
    @Test
    void offersTheCopyEngineForStrides() {
        ConvWindow w = ConvWindow.UNIT.stride(2).pad(1);
        Geometry g = new Geometry("halving", w, 132, 64, 128, 56, 56, 128, 3, 3);
        TensorSpec[] in = {g.x().withDType(DType.FLOAT16), g.weight().withDType(DType.FLOAT16)};
        GpuTraits traits = GpuTraits.cuda(90, 132);
        assertThat(LinesHopper.CONV.candidates(new Conv2d(w, 1), in, traits))
                .extracting(GpuKernel::variant)
                .contains("lines/128x128x1/raw", "lines/128x160x1/raw", "lines/64x256x1/raw");
        assertThat(LinesHopper.CONV.supports(new Conv2d(w, 1), in, traits)).isTrue();
        Geometry odd = new Geometry("halving", w, 132, 64, 128, 54, 54, 128, 3, 3);
        TensorSpec[] others = {odd.x().withDType(DType.FLOAT16), in[1]};
        assertThat(LinesHopper.CONV.supports(new Conv2d(w, 1), others, traits)).isFalse();
    }

    /** What ints do not count, or shared memory does not hold, is for others, without an error. */
    @Test
    void leavesWhatItCannotCount() {
        int far = 900_000;
        ConvWindow u = ConvWindow.UNIT;
        List<ConvWindow> windows =
                List.of(
                        u.pad(0, 0, far, far).dilation(1, far),
                        u.pad(far, far, 0, 0).dilation(far, 1).stride(2, 1),
                        u.pad(1500).dilation(1500));
        GpuTraits traits = GpuTraits.cuda(90, 132);
        for (ConvWindow w : windows) {
            Geometry g = new Geometry("far", w, 132, 2, 64, 8, 8, 64, 3, 3);
            TensorSpec[] in = {g.x().withDType(DType.FLOAT16), g.weight().withDType(DType.FLOAT16)};
            Conv2d op = new Conv2d(w, 1);
            assertThat(op.infer(in)).hasSize(1);
            assertThat(LinesHopper.CONV.anywhere().supports(op, in, traits)).as("%s", w).isFalse();
            in[0] = g.y().withDType(DType.FLOAT16);
            Conv2dDataGradient data = new Conv2dDataGradient(w, 1, 8, 8);
            assertThat(LinesHopper.DATA.anywhere().supports(data, in, traits)).isFalse();
        }
    }

    /** Nor more taps than a table holds, of which it must not make a list first. */
    @Test
    void leavesLargeKernels() {
        Geometry g = new Geometry("", ConvWindow.UNIT, 132, 1, 2, 6000, 6000, 2, 6000, 6000);
        TensorSpec[] in = {g.x().withDType(DType.FLOAT16), g.weight().withDType(DType.FLOAT16)};
        Conv2d op = new Conv2d(g.window(), 1);
        GpuTraits traits = GpuTraits.cuda(90, 132);
        assertThat(LinesHopper.CONV.supports(op, in, traits)).isFalse();
        assertThat(LinesHopper.CONV.candidates(op, in, traits)).isEmpty();
    }

    /** Nor with tiles so small that there are more than ints count. */
    @Test
    void leavesTilesWithoutNumber() {
        Conv2dDataGradient op = new Conv2dDataGradient(ConvWindow.UNIT.pad(63), 1, 1, 1);
        TensorSpec[] in = {
            TensorSpec.of(DType.FLOAT16, 32000, 1, 127, 127),
            TensorSpec.of(DType.FLOAT16, 1, 65536, 1, 1)
        };
        assertThat(LinesHopper.DATA.candidates(op, in, GpuTraits.cuda(90, 132)))
                .isNotEmpty()
                .noneMatch(k -> k.variant().matches("lines/(64x128|128x64)x1"));
    }

    private <O extends Op> void add(Geometry g, Case c, GpuKernel<O> kernel) {
        EmulatedCheck.add(tests, c, kernel, g.units());
    }
}
