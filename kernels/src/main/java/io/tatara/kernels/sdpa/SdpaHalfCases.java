package io.tatara.kernels.sdpa;

import static io.tatara.kernels.sdpa.AttentionMask.CAUSAL;
import static io.tatara.kernels.sdpa.AttentionMask.CAUSAL_END;
import static io.tatara.kernels.sdpa.AttentionMask.NONE;
import static io.tatara.kernels.sdpa.HeadLayout.HEADS_FIRST;
import static io.tatara.kernels.sdpa.HeadLayout.SEQUENCE_FIRST;

import io.tatara.kernels.DType;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.check.Case;
import io.tatara.kernels.check.Data;
import java.util.ArrayList;
import java.util.List;

/**
 * Cases in 16-bit types whose rows are whole pieces of 16 bytes, as kernels on matrix units want
 * them: each width of a row's swizzle, edges of their tiles, masks, groups, lengths and bias.
 */
final class SdpaHalfCases {
    private SdpaHalfCases() {}

    /**
     * As in the op; {@code bias}: 1 where an extent is broadcast, 0 the full one; null for none.
     */
    private record Setting(
            String name,
            DType dtype,
            SdpaShape s,
            AttentionMask mask,
            HeadLayout layout,
            double[] lengths,
            int[] bias) {
        static Setting of(DType dtype, int n, int h, int hkv, int tq, int tk, int d, int dv) {
            SdpaShape s = new SdpaShape(n, h, hkv, tq, tk, d, dv, HEADS_FIRST);
            return new Setting("", dtype, s, NONE, HEADS_FIRST, null, null);
        }

        Setting mask(AttentionMask m) {
            return new Setting(name, dtype, s, m, layout, lengths, bias);
        }

        Setting sequenceFirst() {
            return new Setting(name, dtype, s, mask, SEQUENCE_FIRST, lengths, bias);
        }

        Setting lengths(double... l) {
            return new Setting(name, dtype, s, mask, layout, l, bias);
        }

        Setting bias(int... b) {
            return new Setting(name, dtype, s, mask, layout, lengths, b);
        }

        String title() {
            return "%s n%d h%d/%d %dx%d d%d/%d %s %s%s%s"
                    .formatted(
                            dtype,
                            s.n(),
                            s.h(),
                            s.hkv(),
                            s.tq(),
                            s.tk(),
                            s.d(),
                            s.dv(),
                            mask,
                            layout,
                            lengths == null ? "" : " lengths",
                            bias == null ? "" : " bias");
        }

        float scale() {
            return (float) (1 / Math.sqrt(s.d()));
        }

        /** The five inputs that the op and its gradient share. */
        Case inputs(Case c) {
            c = c.in(spec(s.h(), s.tq(), s.d()));
            c = c.in(spec(s.hkv(), s.tk(), s.d())).in(spec(s.hkv(), s.tk(), s.dv()));
            c = lengths == null ? c.absent() : c.fixed(TensorSpec.i32(s.n()), Data.of(lengths));
            if (bias == null) {
                return c.absent();
            }
            int[] full = {s.n(), s.h(), s.tq(), s.tk()};
            for (int i = 0; i < 4; i++) {
                full[i] = bias[i] == 1 ? 1 : full[i];
            }
            Data some = Data.normal().sprinkled(7, Double.NEGATIVE_INFINITY);
            return c.fixed(TensorSpec.of(dtype, full), some);
        }

        private TensorSpec spec(int heads, int positions, int features) {
            return layout == HEADS_FIRST
                    ? TensorSpec.of(dtype, s.n(), heads, positions, features)
                    : TensorSpec.of(dtype, s.n(), positions, heads, features);
        }

        int reduction() {
            return s.d() + s.tk() + s.dv() + s.tq() * s.group();
        }

        Case forward() {
            ScaledDotProductAttention op = new ScaledDotProductAttention(scale(), mask, layout);
            return inputs(Case.of(title(), op)).reduction(reduction()).noGradient();
        }

        /** logSumExp drawn about where the scores' would be, so that weights stay below one. */
        Case gradient() {
            ScaledDotProductAttentionGradient op =
                    new ScaledDotProductAttentionGradient(scale(), mask, layout, false);
            TensorSpec output = spec(s.h(), s.tq(), s.dv());
            Data high = Data.normal(3 + Math.log(1.0 + s.tk()), 0.3);
            Case c = inputs(Case.of(title(), op)).in(output).in(s.logSumExp(), high).in(output);
            c = s.tq() % 2 == 0 ? c.in(s.logSumExp()) : c.absent();
            // Matrix units take weights and scores' gradients rounded to the type: as much again
            // where few of them nearly cancel.
            return c.tolerance(2 * dtype.roundoff());
        }
    }

    private static List<Setting> settings() {
        DType f = DType.FLOAT16;
        DType b = DType.BFLOAT16;
        return List.of(
                Setting.of(f, 1, 1, 1, 1, 1, 8, 8),
                Setting.of(b, 2, 2, 2, 7, 37, 16, 24).sequenceFirst(),
                Setting.of(f, 2, 4, 2, 37, 70, 32, 32).mask(CAUSAL_END).lengths(70, 21),
                Setting.of(b, 1, 2, 1, 130, 65, 48, 48).mask(CAUSAL),
                Setting.of(f, 3, 2, 2, 40, 33, 64, 64).lengths(33, 0, 16).sequenceFirst(),
                Setting.of(b, 1, 2, 2, 140, 140, 64, 64).mask(CAUSAL),
                Setting.of(f, 1, 2, 1, 66, 90, 72, 96).mask(CAUSAL_END),
                Setting.of(b, 1, 2, 2, 66, 97, 96, 80),
                Setting.of(f, 1, 1, 1, 130, 130, 128, 128).mask(CAUSAL),
                Setting.of(b, 1, 1, 1, 65, 34, 192, 128).mask(CAUSAL_END),
                Setting.of(f, 1, 2, 1, 37, 67, 256, 256).mask(CAUSAL),
                Setting.of(b, 1, 1, 1, 20, 40, 16, 256),
                Setting.of(f, 2, 2, 1, 37, 70, 64, 64).bias(0, 0, 0, 0).mask(CAUSAL),
                Setting.of(b, 2, 2, 1, 66, 37, 128, 128).bias(0, 1, 1, 0).lengths(37, 9),
                Setting.of(f, 1, 1, 1, 20, 35, 256, 256).bias(1, 0, 0, 1),
                Setting.of(b, 2, 8, 2, 1, 300, 64, 64).lengths(300, 40).mask(CAUSAL_END),
                Setting.of(f, 1, 8, 1, 2, 530, 128, 128).sequenceFirst().mask(CAUSAL_END),
                Setting.of(b, 1, 4, 4, 5, 270, 80, 80).bias(1, 0, 0, 0),
                Setting.of(f, 1, 4, 2, 12, 260, 256, 256),
                Setting.of(b, 2, 2, 2, 3, 0, 16, 16),
                Setting.of(f, 2, 2, 2, 0, 5, 16, 16));
    }

    static List<Case> forward() {
        return new ArrayList<>(settings().stream().map(Setting::forward).toList());
    }

    static List<Case> gradient() {
        return new ArrayList<>(settings().stream().map(Setting::gradient).toList());
    }
}
