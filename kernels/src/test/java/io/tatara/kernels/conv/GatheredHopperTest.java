package io.tatara.kernels.conv;

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
import java.util.List;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * Pointwise products of gathered images under emulation: ragged channels, tiles over several images
 * and over their end, several tiles a block, sums in pieces. {@code -Dtatara.case} picks by name.
 */
class GatheredHopperTest {
    private static final ConvWindow UNIT = ConvWindow.UNIT;

    private static List<Geometry> geometries() {
        return List.of(
                new Geometry("14", UNIT, 2, 2, 64, 14, 14, 40, 1, 1),
                new Geometry("14-ragged", UNIT, 1, 3, 70, 14, 14, 133, 1, 1),
                new Geometry("small-images", UNIT, 4, 21, 24, 2, 2, 72, 1, 1),
                new Geometry("pieces", UNIT, 132, 3, 520, 6, 6, 66, 1, 1),
                new Geometry("wide", UNIT, 2, 4, 40, 14, 14, 300, 1, 1),
                new Geometry("odd-channels", UNIT, 4, 2, 45, 10, 6, 37, 1, 1));
    }

    private final List<DynamicTest> tests = new ArrayList<>();
    private int made;

    @TestFactory
    List<DynamicTest> convolutions() {
        for (Geometry g : geometries()) {
            Case c = Case.of(g.name(), new Conv2d(g.window(), 1)).in(g.x()).in(g.weight());
            add(g, c.reduction(g.terms()), GatheredHopper.CONV);
        }
        for (int units : new int[] {1, 132}) {
            Geometry g = new Geometry("relu-" + units, UNIT, units, 2, 264, 14, 14, 40, 1, 1);
            Case c = Case.of(g.name(), new Conv2d(UNIT, 1, new Epilogue(Activation.RELU)));
            c = c.in(g.x()).in(g.weight()).in(TensorSpec.f32(40)).in(g.y());
            add(g, c.reduction(264), GatheredHopper.CONV);
        }
        Geometry g = geometries().get(1);
        Data odd = Data.normal().sprinkled(397, ConvCases.SPECIAL);
        Case c = Case.of("specials", new Conv2d(UNIT, 1)).in(g.x(), odd).in(g.weight());
        add(g, c.reduction(70), GatheredHopper.CONV);
        return tests;
    }

    @TestFactory
    List<DynamicTest> dataGradients() {
        for (Geometry g : geometries()) {
            Op op = new Conv2dDataGradient(g.window(), 1, g.d()[2], g.d()[3]);
            Case c = Case.of(g.name(), op).in(g.y()).in(g.weight());
            add(g, c.reduction(g.d()[4]), GatheredHopper.DATA);
        }
        return tests;
    }

    @TestFactory
    List<DynamicTest> weightGradients() {
        for (Geometry g : geometries()) {
            add(g, weight(g, g.name(), Data.normal()), ShiftedWeight.GATHERED);
        }
        Geometry g = geometries().get(1);
        Data odd = Data.normal().sprinkled(997, ConvCases.SPECIAL);
        add(g, weight(g, "specials", odd), ShiftedWeight.GATHERED);
        return tests;
    }

    private static Case weight(Geometry g, String name, Data x) {
        Op op = new Conv2dWeightGradient(g.window(), 1, 1, 1);
        return Case.of(name, op).in(g.x(), x).in(g.y()).reduction(g.d()[0] * g.d()[2] * g.d()[3]);
    }

    /** Planes that are no whole fours of pixels, and other layers, are for others. */
    @Test
    void leavesWhatItCannotGather() {
        GpuTraits hopper = GpuTraits.cuda(90, 132);
        for (Geometry g :
                List.of(
                        new Geometry("7", UNIT, 1, 8, 512, 7, 7, 512, 1, 1),
                        new Geometry("padded", UNIT.pad(1), 1, 8, 512, 6, 6, 512, 1, 1),
                        new Geometry("stride", UNIT.stride(2), 1, 8, 512, 8, 8, 512, 1, 1),
                        new Geometry("3x3", UNIT.pad(1), 1, 8, 64, 8, 8, 64, 3, 3))) {
            Case c = Case.of(g.name(), new Conv2d(g.window(), 1)).in(g.x()).in(g.weight());
            Assertions.assertThat(
                            GatheredHopper.CONV
                                    .anywhere()
                                    .supports((Conv2d) c.op(), c.as(DType.FLOAT16).specs(), hopper))
                    .as(g.name())
                    .isFalse();
        }
    }

    private <O extends Op> void add(Geometry g, Case c, GpuKernel<O> kernel) {
        if (!c.name().contains(System.getProperty("tatara.case", ""))) {
            return;
        }
        DType type = made++ % 2 == 0 ? DType.FLOAT16 : DType.BFLOAT16;
        Case typed = c.as(type);
        tests.add(
                DynamicTest.dynamicTest(
                        typed.toString(), () -> EmulatedCheck.run(typed, kernel, g.units(), 1)));
    }
}
