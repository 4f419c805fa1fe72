package io.tatara.kernels.pad;

import io.tatara.kernels.OpEntry;
import java.util.List;

/** The lines of this room in the op table. */
public final class PadRoom {
    public static final List<OpEntry<?>> ENTRIES =
            List.of(
                    new OpEntry<>(
                            Pad.class,
                            "pad",
                            PadReference::pad,
                            List.of(PadJvm::pad),
                            List.of(PadGpu::pad),
                            PadCases::pad),
                    new OpEntry<>(
                            PadGradient.class,
                            "pad_gradient",
                            PadReference::gradient,
                            List.of(PadJvm::gradient),
                            List.of(PadGpu::gradient),
                            PadCases::gradient));

    private PadRoom() {}
}
