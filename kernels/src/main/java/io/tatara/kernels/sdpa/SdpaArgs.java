package io.tatara.kernels.sdpa;

import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuSources;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Programs and arguments that the kernels on matrix units have in common. */
final class SdpaArgs {
    private static final List<String> HEADERS = List.of("warp.cuh", "tensor.cuh", "lanes.cuh");

    private final HeadLayout layout;
    private final SdpaShape s;
    private final List<Object> list = new ArrayList<>();

    private SdpaArgs(HeadLayout layout, SdpaShape s) {
        this.layout = layout;
        this.s = s;
    }

    static SdpaArgs of(HeadLayout layout, SdpaShape s) {
        return new SdpaArgs(layout, s);
    }

    /** Query, key, value, lengths and bias. */
    SdpaArgs inputs(TensorSpec[] in) {
        for (int i = 0; i < 5; i++) {
            list.add(in[i] == null ? null : GpuPlan.in(i));
        }
        return this;
    }

    SdpaArgs add(Object... args) {
        list.addAll(Arrays.asList(args));
        return this;
    }

    /** Of query, key, value, output and bias. */
    SdpaArgs strides(TensorSpec bias) {
        strides(s.h(), s.tq(), s.d());
        strides(s.hkv(), s.tk(), s.d());
        strides(s.hkv(), s.tk(), s.dv());
        outputStrides();
        for (int x : bias == null ? new int[4] : biasStrides(bias)) {
            list.add(x);
        }
        return this;
    }

    /** Elements from one n, h, tq, tk to the next; 0 where the bias is broadcast. */
    private static int[] biasStrides(TensorSpec bias) {
        int[] strides = bias.shape().strides();
        for (int i = 0; i < 4; i++) {
            if (bias.shape().dim(i) == 1) {
                strides[i] = 0;
            }
        }
        return strides;
    }

    SdpaArgs outputStrides() {
        return strides(s.h(), s.tq(), s.dv());
    }

    /** From one sequence, head, position to the next. */
    private SdpaArgs strides(int heads, int positions, int features) {
        boolean apart = layout == HeadLayout.HEADS_FIRST;
        list.add(heads * positions * features);
        list.add(apart ? positions * features : features);
        list.add(apart ? features : heads * features);
        return this;
    }

    Object[] array() {
        return list.toArray();
    }

    /**
     * A source behind {@code sdpa_tiles.cuh}.
     *
     * @param defines besides those of storage, mask, lengths and bias
     */
    static GpuProgram program(String file, AttentionMask mask, TensorSpec[] in, Object... defines) {
        List<Object> all =
                new ArrayList<>(
                        List.of(
                                "STORAGE",
                                GpuProgram.storage(in[0].dtype()),
                                "MASK",
                                mask.ordinal(),
                                "LENGTHS",
                                in[3] == null ? 0 : 1,
                                "BIAS",
                                in[4] == null ? 0 : 1));
        all.addAll(Arrays.asList(defines));
        String text =
                GpuSources.load(SdpaArgs.class, "sdpa_tiles.cuh")
                        + GpuSources.load(SdpaArgs.class, file);
        return GpuProgram.of("sdpa/" + file, text, all.toArray()).withHeaders(HEADERS);
    }
}
