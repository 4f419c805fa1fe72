package io.tatara.kernels.position;

import io.tatara.kernels.OpEntry;
import java.util.List;

/** The lines of this room in the op table. */
public final class PositionRoom {
    public static final List<OpEntry<?>> ENTRIES =
            List.of(
                    new OpEntry<>(
                            SinusoidalPosition.class,
                            "sinusoidal_position",
                            PositionReference::sinusoidal,
                            List.of(PositionJvm::sinusoidal),
                            List.of(PositionCuda.SINUSOIDAL, PositionGpu::sinusoidal),
                            PositionCases::sinusoidal),
                    new OpEntry<>(
                            Rotary.class,
                            "rotary",
                            PositionReference::rotary,
                            List.of(PositionJvm::rotary),
                            List.of(PositionCuda.ROTARY, PositionGpu::rotary),
                            PositionCases::rotary));

    private PositionRoom() {}
}
