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
import io.tatara.kernels.pointwise.Activation;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** What the tuner may try for depthwise convolutions, all of it under emulation. */
class DepthwiseCandidatesTest {
    private static final int UNITS = 2;

    /** {n, c, h, w, kh, kw}. */
    private record Geometry(ConvWindow window, DType type, int... d) {
        TensorSpec x() {
            return TensorSpec.f32(d[0], d[1], d[2], d[3]);
        }

        TensorSpec weight() {
            return TensorSpec.f32(d[1], 1, d[4], d[5]);
        }

        TensorSpec y() {
            int height = window.outHeight(d[2], d[4]);
            return TensorSpec.f32(d[0], d[1], height, window.outWidth(d[3], d[5]));
        }

        Case conv() {
            Case c = Case.of("conv", new Conv2d(window, d[1], new Epilogue(Activation.RELU)));
            c = c.in(x()).in(weight()).in(TensorSpec.f32(d[1])).in(y());
            return c.as(type).reduction(d[4] * d[5]);
        }

        Case data() {
            Case c = Case.of("data", new Conv2dDataGradient(window, d[1], d[2], d[3]));
            return c.in(y()).in(weight()).as(type).reduction(d[4] * d[5]);
        }

        Case kernel() {
            Case c = Case.of("weight", new Conv2dWeightGradient(window, d[1], d[4], d[5]));
            return c.in(x()).in(y()).as(type).reduction(Math.max(1, d[0] * d[2] * d[3]));
        }
    }

    /**
     * Six columns of results, behind which the source goes on: a NaN at the end of a row is met by
     * the last tap of the last result alone, whatever tile is tried.
     */
    @TestFactory
    List<DynamicTest> columnsThatAreNotThereMeetNoNan() {
        Geometry g = new Geometry(ConvWindow.UNIT, DType.FLOAT32, 2, 3, 9, 8, 3, 3);
        double[] x = new double[g.x().size()];
        Arrays.fill(x, 1);
        x[7] = Double.NaN;
        Case c = Case.of("weight", new Conv2dWeightGradient(g.window, 3, 3, 3));
        Case odd = c.in(g.x(), Data.of(x)).in(g.y()).reduction(2 * 9 * 8).noGradient();
        Conv2dWeightGradient op = (Conv2dWeightGradient) odd.op();
        GpuTraits traits = GpuTraits.cuda(90, UNITS);
        List<GpuKernel<Conv2dWeightGradient>> all =
                new ArrayList<>(DepthwiseCuda.WEIGHT.candidates(op, odd.specs(), traits));
        all.add(DepthwiseCuda.WEIGHT);
        assertThat(all).hasSizeGreaterThan(3);
        return all.stream()
                .map(k ->
                        DynamicTest.dynamicTest(
                                k.variant(), () -> EmulatedCheck.run(odd, k, UNITS, 1)))
                .toList();
    }

    private static List<Geometry> geometries() {
        ConvWindow same = ConvWindow.UNIT.pad(1);
        ConvWindow two = same.stride(2);
        return List.of(
                new Geometry(same, DType.FLOAT16, 2, 5, 14, 14, 3, 3),
                new Geometry(same, DType.BFLOAT16, 3, 13, 7, 7, 3, 3),
                new Geometry(same, DType.FLOAT32, 1, 3, 9, 28, 3, 3),
                new Geometry(two, DType.FLOAT16, 2, 3, 16, 48, 3, 3),
                new Geometry(two, DType.BFLOAT16, 1, 6, 28, 28, 3, 3),
                new Geometry(two.pad(2), DType.FLOAT16, 1, 3, 15, 13, 5, 5),
                new Geometry(same.dilation(2).pad(2), DType.FLOAT16, 2, 2, 11, 32, 3, 3));
    }

    private final List<DynamicTest> tests = new ArrayList<>();
    private int skipped;

    @TestFactory
    List<DynamicTest> candidates() {
        for (Geometry g : geometries()) {
            add(g.conv(), DepthwiseCuda.CONV);
            add(g.conv(), DepthwisePlanes.CONV);
            add(g.data(), DepthwiseCuda.DATA);
            add(g.data(), DepthwisePlanes.DATA);
            add(g.kernel(), DepthwiseCuda.WEIGHT);
        }
        return tests;
    }

    @SuppressWarnings("unchecked")
    private <O extends Op> void add(Case c, GpuKernel<O> kernel) {
        GpuTraits traits = GpuTraits.cuda(90, UNITS);
        List<GpuKernel<O>> all = kernel.candidates((O) c.op(), c.specs(), traits);
        Set<String> names = new HashSet<>(Set.of(kernel.variant()));
        for (GpuKernel<O> k : all) {
            assertThat(names.add(k.variant())).as(k.variant()).isTrue();
            // A third of them, others for each geometry: there are hundreds.
            if (tests.size() + skipped < 3 * tests.size()) {
                skipped++;
                continue;
            }
            tests.add(
                    DynamicTest.dynamicTest(
                            c + " " + k.variant(), () -> EmulatedCheck.run(c, k, UNITS, 1)));
        }
    }
}
