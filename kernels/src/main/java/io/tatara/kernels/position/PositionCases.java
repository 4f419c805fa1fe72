package io.tatara.kernels.position;

import io.tatara.kernels.DType;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.check.Case;
import io.tatara.kernels.check.Data;
import java.util.ArrayList;
import java.util.List;

/** The cases of this room. */
final class PositionCases {
    private static final double INF = Double.POSITIVE_INFINITY;

    private PositionCases() {}

    private static Case sine(String name, float scale, int... dims) {
        return Case.of(name, new SinusoidalPosition(scale)).in(TensorSpec.f32(dims));
    }

    static List<Case> sinusoidal() {
        List<Case> cases = new ArrayList<>();
        cases.add(sine("one", 1, 1, 1, 1).absent());
        cases.add(sine("one sequence", 1, 1, 3, 8).absent());
        cases.add(sine("two sequences", 1, 2, 5, 8).absent());
        cases.add(sine("odd", 1, 2, 7, 13).absent());
        cases.add(sine("scaled", 4, 3, 5, 16).absent());
        cases.add(sine("many positions", 1, 1, 300, 24).absent());
        cases.add(sine("wide", 1, 1, 3, 515).absent());
        cases.add(
                sine("starts", 0.5f, 4, 3, 20)
                        .in(TensorSpec.i32(4), Data.of(0, 17, 1_000_000, -3)));
        // The reference's product of position and frequency has 53 bits: 5e-7 of an angle here.
        cases.add(
                sine("far positions", 0, 2, 4, 32)
                        .in(TensorSpec.i32(2), Data.of(16_777_217, 2_000_000_000))
                        .tolerance(4e-6)
                        .noGradient());
        cases.add(sine("empty", 1, 0, 4, 6).absent());
        cases.add(sine("no positions", 1, 2, 0, 6).absent());
        cases.add(
                Case.of("wild", new SinusoidalPosition(2))
                        .in(
                                TensorSpec.f32(2, 9, 6),
                                Data.normal().sprinkled(9, Double.NaN, INF, -INF))
                        .absent()
                        .noGradient());
        cases = Case.withHalves(cases, "odd", "scaled", "starts");
        cases.add(sine("16x512x512", 22.6f, 16, 512, 512).absent().bench());
        cases.add(
                Case.of("bfloat16 8x2048x1024", new SinusoidalPosition(32))
                        .in(TensorSpec.of(DType.BFLOAT16, 8, 2048, 1024))
                        .absent()
                        .bench()
                        .large());
        return cases;
    }

    static List<Case> rotary() {
        List<Case> cases = new ArrayList<>();
        for (RotaryStyle style : RotaryStyle.values()) {
            String s = style == RotaryStyle.HALVES ? "halves " : "";
            cases.add(
                    Case.of(s + "one", new Rotary(1, style)).in(TensorSpec.f32(1, 1, 2)).absent());
            cases.add(
                    Case.of(s + "heads first", new Rotary(2, style))
                            .in(TensorSpec.f32(2, 3, 7, 10))
                            .absent());
            cases.add(
                    Case.of(s + "sequence first", new Rotary(1, style))
                            .in(TensorSpec.f32(2, 7, 3, 32))
                            .absent());
            cases.add(
                    Case.of(s + "part", new Rotary(2, 6, 500, style, false))
                            .in(TensorSpec.f32(2, 2, 5, 11))
                            .absent());
            cases.add(
                    Case.of(s + "part in pieces", new Rotary(-2, 32, 10000, style, true))
                            .in(TensorSpec.f32(2, 5, 9, 48))
                            .in(TensorSpec.i32(2), Data.of(5, 1000)));
            cases.add(
                    Case.of(s + "starts", new Rotary(1, 0, 500_000, style, false))
                            .in(TensorSpec.f32(3, 2, 4, 64))
                            .in(TensorSpec.i32(3), Data.of(12, 1_000_000, -1)));
            cases.add(
                    Case.of(s + "many positions", new Rotary(2, style))
                            .in(TensorSpec.f32(1, 2, 300, 16))
                            .absent());
            cases.add(
                    Case.of(s + "empty", new Rotary(2, style))
                            .in(TensorSpec.f32(2, 3, 0, 8))
                            .absent());
            cases.add(
                    Case.of(s + "wild", new Rotary(1, style))
                            .in(TensorSpec.f32(2, 5, 12), Data.normal().sprinkled(9, Double.NaN))
                            .absent()
                            .noGradient());
            cases =
                    Case.withHalves(
                            cases,
                            s + "heads first",
                            s + "sequence first",
                            s + "part in pieces",
                            s + "starts");
            cases.add(
                    Case.of(s + "1x32x2048x128", new Rotary(2, style))
                            .in(TensorSpec.f32(1, 32, 2048, 128))
                            .absent()
                            .bench());
            cases.add(
                    Case.of(s + "bfloat16 4x4096x32x128", new Rotary(1, style))
                            .in(TensorSpec.of(DType.BFLOAT16, 4, 4096, 32, 128))
                            .absent()
                            .bench()
                            .large());
        }
        return cases;
    }
}
