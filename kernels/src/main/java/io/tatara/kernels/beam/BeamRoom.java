package io.tatara.kernels.beam;

import io.tatara.kernels.OpEntry;
import java.util.List;

/** The ops of this room. */
public final class BeamRoom {
    public static final List<OpEntry<?>> ENTRIES =
            List.of(
                    new OpEntry<>(
                            BeamStep.class,
                            "beam_step",
                            BeamReference::step,
                            List.of(BeamJvm::step),
                            List.of(BeamGpu::plan),
                            BeamCases::all));

    private BeamRoom() {}
}
