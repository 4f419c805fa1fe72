package io.tatara.kernels.conv;

import static org.assertj.core.api.Assertions.assertThat;

import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.check.Case;
import io.tatara.kernels.check.Data;
import io.tatara.kernels.gpu.GpuKernel;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuTraits;
import io.tatara.kernels.matmul.LineWeightForm;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * Weight gradients from images as they are, under emulation, at sizes that {@code supports} leaves
 * to other kernels too: loads of one, two and four elements, ragged channels, several tiles and
 * pieces, any padding, dilation. {@code -Dtatara.case} picks by name.
 */
class LinesWeightTest {
    private static final ConvWindow UNIT = ConvWindow.UNIT;

    private static final ConvWindow HALF = ConvWindow.UNIT.stride(2);

    private static final List<Geometry> GEOMETRIES =
            List.of(
                    new Geometry("fours", UNIT.pad(1), 1, 2, 64, 40, 28, 64, 3, 3),
                    new Geometry("fours-pieces", UNIT.pad(1), 132, 3, 40, 20, 28, 70, 3, 3),
                    new Geometry("pairs", UNIT.pad(1), 4, 9, 100, 14, 14, 66, 3, 3),
                    new Geometry("odd", UNIT.pad(1), 1, 8, 64, 9, 13, 64, 3, 3),
                    new Geometry("odd-pieces", UNIT.pad(1), 132, 21, 130, 7, 7, 129, 3, 3),
                    new Geometry("line-valid", UNIT, 1, 24, 40, 9, 7, 34, 3, 3),
                    new Geometry("line-2x2", UNIT.pad(1, 0, 0, 1), 4, 5, 66, 6, 7, 40, 2, 2),
                    new Geometry("line-3", UNIT.pad(1), 132, 8, 35, 7, 3, 33, 3, 3),
                    new Geometry("valid", UNIT, 8, 5, 33, 12, 11, 34, 3, 3),
                    new Geometry("valid-pairs", UNIT, 8, 5, 33, 12, 10, 34, 3, 3),
                    new Geometry("2x2", UNIT, 16, 3, 40, 9, 9, 64, 2, 2),
                    new Geometry("2x2-padded", UNIT.pad(2), 2, 3, 40, 5, 4, 64, 2, 2),
                    new Geometry("3x2", UNIT.pad(1, 1, 1, 0), 16, 3, 64, 12, 16, 40, 3, 2),
                    new Geometry("2x3", UNIT.pad(0, 1, 1, 1), 4, 3, 64, 12, 12, 40, 2, 3),
                    new Geometry("dilation", UNIT.pad(2).dilation(2), 2, 6, 65, 15, 15, 40, 3, 3),
                    new Geometry(
                            "far", UNIT.pad(1, 2, 9, 3).dilation(2, 9), 4, 2, 34, 9, 32, 40, 3, 3),
                    new Geometry("asymmetric", UNIT.pad(2, 0, 0, 3), 4, 3, 8, 6, 7, 9, 3, 3),
                    new Geometry("wide-padding", UNIT.pad(5), 4, 2, 3, 2, 3, 5, 3, 2),
                    new Geometry("half-fours", HALF.pad(1), 1, 2, 64, 40, 56, 64, 3, 3),
                    new Geometry("half-pieces", HALF.pad(1), 132, 5, 66, 28, 28, 70, 3, 3),
                    new Geometry("half-line", HALF.pad(1), 8, 18, 64, 14, 14, 64, 3, 3),
                    new Geometry("half-odd", HALF.pad(1), 4, 7, 40, 15, 13, 66, 3, 3),
                    new Geometry("half-valid", HALF, 4, 5, 33, 20, 16, 34, 3, 3),
                    new Geometry("half-asymmetric", HALF.pad(2, 0, 0, 3), 4, 3, 8, 6, 9, 9, 3, 3),
                    new Geometry("half-far", HALF.pad(3).dilation(3), 4, 3, 34, 17, 22, 40, 3, 3),
                    new Geometry("one", UNIT.pad(1), 1, 1, 1, 1, 1, 1, 3, 3));

    /** In all forms: rows of the result at any element, whole and ragged tiles, empty pieces. */
    private static final List<Geometry> FORMS =
            List.of(
                    new Geometry("tiles", UNIT.pad(1), 16, 17, 128, 7, 7, 64, 3, 3),
                    new Geometry("ragged", UNIT.pad(1), 16, 6, 66, 14, 14, 45, 3, 3),
                    new Geometry("3x2", UNIT.pad(1, 1, 1, 0), 16, 5, 40, 12, 16, 39, 3, 2),
                    new Geometry("half", HALF.pad(1), 16, 9, 40, 20, 20, 66, 3, 3),
                    new Geometry("2x2", UNIT.pad(1, 0, 0, 1), 16, 18, 35, 6, 7, 64, 2, 2));

    /** Without the second sum of what is NaN, which would hide what must not be. */
    private record Unrepaired(GpuKernel<Conv2dWeightGradient> kernel)
            implements GpuKernel<Conv2dWeightGradient> {
        private static final String REPAIR = "return x != x;";

        @Override
        public String variant() {
            return kernel.variant();
        }

        @Override
        public boolean supports(Conv2dWeightGradient op, TensorSpec[] in, GpuTraits traits) {
            return kernel.supports(op, in, traits);
        }

        @Override
        public GpuPlan plan(
                Conv2dWeightGradient op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
            GpuPlan plan = kernel.plan(op, in, out, traits);
            List<GpuPlan.Launch> launches = new ArrayList<>();
            for (GpuPlan.Launch l : plan.launches()) {
                GpuProgram p = l.program();
                assertThat(p.source()).contains(REPAIR);
                String source = p.source().replace(REPAIR, "return 0;");
                launches.add(
                        new GpuPlan.Launch(
                                new GpuProgram(p.name(), source, p.defines(), p.headers()),
                                l.entry(),
                                l.groups(),
                                l.local(),
                                l.dynamicShared(),
                                l.cooperative(),
                                l.early(),
                                l.args()));
            }
            return new GpuPlan(launches, plan.temporaries());
        }
    }

    private final List<DynamicTest> tests = new ArrayList<>();

    @TestFactory
    List<DynamicTest> weightGradients() {
        Data all = Data.normal();
        for (Geometry g : GEOMETRIES) {
            add(g, g.name(), all, all);
        }
        // What is NaN because it meets a gap of the other's images must not be.
        Data odd = Data.normal().sprinkled(997, ConvCases.SPECIAL);
        for (int i : new int[] {1, 2, 3, 4, 8, 19, 21}) {
            Geometry g = GEOMETRIES.get(i);
            add(g, g.name() + "-special-x", odd, Data.normal());
            add(g, g.name() + "-special-dy", Data.normal(), odd);
        }
        for (LineWeightForm f : LineWeightForm.all()) {
            for (Geometry g : FORMS) {
                add(g, f, g.name() + "-" + f, all, all);
            }
            Geometry g = FORMS.get(f.cluster() % 4 / 2);
            add(g, f, g.name() + "-special-x-" + f, odd, Data.normal());
            add(g, f, g.name() + "-special-dy-" + f, Data.normal(), odd);
        }
        return tests;
    }

    /** What the tuner may choose from, and that few images of many channels take one launch. */
    @Test
    void formsHaveNames() {
        Geometry g = new Geometry("deep", UNIT.pad(1), 132, 8, 512, 7, 7, 512, 3, 3);
        Conv2dWeightGradient op = new Conv2dWeightGradient(g.window(), 1, 3, 3);
        TensorSpec[] in = Case.of("deep", op).in(g.x()).in(g.y()).as(DType.FLOAT16).specs();
        GpuTraits traits = GpuTraits.cuda(90, g.units());
        assertThat(LinesWeight.WEIGHT.candidates(op, in, traits))
                .extracting(GpuKernel::variant)
                .containsExactly(
                        "lines/1",
                        "lines/1/parts",
                        "lines/2",
                        "lines/2/parts",
                        "lines/4",
                        "lines/4/parts",
                        "lines/8");
        assertThat(LinesWeight.WEIGHT.plan(op, in, op.infer(in), traits).launches()).hasSize(1);
    }

    private void add(Geometry g, String name, Data x, Data dy) {
        add(g, null, name, x, dy);
    }

    private void add(Geometry g, LineWeightForm form, String name, Data x, Data dy) {
        Op op = new Conv2dWeightGradient(g.window(), 1, g.d()[5], g.d()[6]);
        int results = g.d()[0] * g.y().shape().dim(2) * g.y().shape().dim(3);
        Case c = Case.of(name, op).in(g.x(), x).in(g.y(), dy).reduction(results);
        boolean finite = x == dy;
        GpuKernel<Conv2dWeightGradient> kernel = new LinesWeight(true, form);
        EmulatedCheck.add(tests, c, finite ? new Unrepaired(kernel) : kernel, g.units());
    }
}
