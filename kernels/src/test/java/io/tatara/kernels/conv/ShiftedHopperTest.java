package io.tatara.kernels.conv;

import io.tatara.kernels.Op;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.check.Case;
import io.tatara.kernels.check.Data;
import io.tatara.kernels.gpu.GpuKernel;
import io.tatara.kernels.matmul.Epilogue;
import io.tatara.kernels.pointwise.Activation;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Shifted products under emulation at sizes that {@code supports} leaves to other kernels: padding
 * on any side and more than the kernel needs, dilation, strides, kernels of any form, ragged
 * channels, with the tiles that devices of several sizes get (few multiprocessors: several tiles a
 * block; many: sums in pieces). {@code -Dtatara.case} picks by name.
 */
class ShiftedHopperTest {
    private static final double[] SPECIAL = {
        Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY
    };

    private static List<Geometry> geometries() {
        ConvWindow u = ConvWindow.UNIT;
        List<Geometry> all = new ArrayList<>(Geometry.common());
        all.addAll(
                List.of(
                        new Geometry("3x3-pieces", u.pad(1), 132, 3, 130, 7, 7, 70, 3, 3),
                        new Geometry("3x3-even", u.pad(1), 4, 1, 8, 6, 28, 40, 3, 3),
                        new Geometry("pointwise-14", u, 2, 2, 64, 14, 14, 40, 1, 1),
                        new Geometry("pointwise-6", u, 132, 3, 264, 6, 7, 34, 1, 1),
                        new Geometry(
                                "pointwise-padded", u.pad(1, 0, 2, 1), 4, 2, 5, 5, 6, 8, 1, 1)));
        return all;
    }

    private static List<Geometry> strided() {
        ConvWindow u = ConvWindow.UNIT;
        List<Geometry> all = new ArrayList<>(Geometry.halving());
        all.addAll(
                List.of(
                        new Geometry(
                                "stride-3x2",
                                u.stride(3, 2).pad(1, 2, 0, 1),
                                4,
                                1,
                                4,
                                11,
                                12,
                                6,
                                2,
                                3),
                        new Geometry("stride-4-gaps", u.stride(4), 4, 1, 2, 9, 10, 5, 2, 3),
                        new Geometry(
                                "stride-2-dilated",
                                u.stride(2).dilation(3, 2).pad(2),
                                4,
                                2,
                                3,
                                9,
                                8,
                                4,
                                3,
                                3),
                        new Geometry("pointwise-stride-2", u.stride(2), 4, 2, 16, 7, 8, 9, 1, 1),
                        new Geometry(
                                "pointwise-stride-3",
                                u.stride(3).pad(1, 0, 2, 1),
                                4,
                                2,
                                4,
                                8,
                                9,
                                5,
                                1,
                                1)));
        return all;
    }

    private final List<DynamicTest> tests = new ArrayList<>();

    @TestFactory
    List<DynamicTest> convolutions() {
        List<Geometry> all = new ArrayList<>(geometries());
        all.addAll(strided());
        for (Geometry g : all) {
            Conv2d op = new Conv2d(g.window(), 1);
            Case c = Case.of(g.name(), op).in(g.x()).in(g.weight());
            int terms = g.d()[1] * g.d()[5] * g.d()[6];
            add(g, c.reduction(terms), ShiftedHopper.CONV);
        }
        Geometry g = geometries().get(1);
        for (Activation f : new Activation[] {Activation.RELU, Activation.GELU}) {
            for (int channels : new int[] {24, 136}) {
                int units = channels == 24 ? 1 : 132;
                String name = f + "-" + units;
                Geometry s = new Geometry(name, g.window(), units, 2, channels, 7, 8, 40, 3, 3);
                Case c = Case.of(name, new Conv2d(s.window(), 1, new Epilogue(f)));
                c = c.in(s.x()).in(s.weight()).in(TensorSpec.f32(40)).in(s.y());
                add(s, c.reduction(9 * channels), ShiftedHopper.CONV);
            }
        }
        Geometry s = new Geometry("specials", g.window(), 2, 2, 24, 9, 10, 40, 3, 3);
        Data odd = Data.normal().sprinkled(397, SPECIAL);
        Case c = Case.of("specials", new Conv2d(s.window(), 1));
        add(s, c.in(s.x(), odd).in(s.weight()).reduction(216), ShiftedHopper.CONV);
        return tests;
    }

    @TestFactory
    List<DynamicTest> dataGradients() {
        for (Geometry g : geometries()) {
            Op op = new Conv2dDataGradient(g.window(), 1, g.d()[2], g.d()[3]);
            Case c = Case.of(g.name(), op).in(g.y()).in(g.weight());
            int terms = g.d()[4] * g.d()[5] * g.d()[6];
            add(g, c.reduction(terms), ShiftedHopper.DATA);
        }
        return tests;
    }

    @TestFactory
    List<DynamicTest> weightGradients() {
        List<Geometry> all = new ArrayList<>(geometries());
        all.addAll(strided());
        ConvWindow u = ConvWindow.UNIT;
        all.add(new Geometry("pointwise-planes", u, 1, 3, 40, 8, 9, 36, 1, 1));
        all.add(new Geometry("pointwise-planes-pieces", u, 132, 5, 70, 8, 10, 260, 1, 1));
        all.add(new Geometry("pointwise-planes-wide", u, 2, 3, 200, 8, 9, 140, 1, 1));
        all.add(new Geometry("3x3-many", u.pad(1), 2, 1, 66, 9, 8, 250, 3, 3));
        for (Geometry g : all) {
            add(g, weight(g, g.name(), Data.normal(), Data.normal()), ShiftedWeight.WEIGHT);
        }
        // What is NaN because it meets a gap of the other's images must not be.
        Data odd = Data.normal().sprinkled(997, SPECIAL);
        for (Geometry g : List.of(all.get(1), strided().getFirst())) {
            add(g, weight(g, g.name() + "-special-x", odd, Data.normal()), ShiftedWeight.WEIGHT);
            add(g, weight(g, g.name() + "-special-dy", Data.normal(), odd), ShiftedWeight.WEIGHT);
        }
        return tests;
    }

    private static Case weight(Geometry g, String name, Data x, Data dy) {
        Op op = new Conv2dWeightGradient(g.window(), 1, g.d()[5], g.d()[6]);
        Case c = Case.of(name, op).in(g.x(), x).in(g.y(), dy);
        return c.reduction(g.d()[0] * g.y().shape().dim(2) * g.y().shape().dim(3));
    }

    private <O extends Op> void add(Geometry g, Case c, GpuKernel<O> kernel) {
        EmulatedCheck.add(tests, c, kernel, g.units());
    }
}
